/** Shapes of tensors, all of them row-major. A scalar has the shape []. */
export type Shape = readonly number[];

/** Number of entries. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** As in `[8, 8, 1]`. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
