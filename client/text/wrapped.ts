/** Text broken between words, for terminals of any width. */

/**
 * @param first what the first line begins with; the others are indented as far
 * @param width characters; undefined: one line. A word that is longer stands alone.
 */
export function wrapped(first: string, text: string, width: number | undefined): string {
  if (width === undefined) return first + text;
  const indent = " ".repeat([...first].length);
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (isEmpty || [...longer].length <= width) line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}
