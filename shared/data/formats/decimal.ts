/** Numbers as the text formats write them. */

/** Optional sign and exponent, a dot: what Number(text) reads, without its hexadecimal, empty and infinite forms. */
export const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
