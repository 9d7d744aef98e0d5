/** Names of runs and data sets: they become parts of object keys, queue names and file names. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const NAME_RULE = "1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit";
