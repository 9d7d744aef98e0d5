/** Parameters as files hold them. */

/** Named numbers of a shape, row-major. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** What a file of parameters says: tensors by name, or one array that says nothing of names. */
export type ReadParameters =
  | {
      readonly kind: "named";
      /** Without a shape in formats that have none (CSV). */
      readonly tensors: readonly (Omit<Tensor, "shape"> & Partial<Pick<Tensor, "shape">>)[];
      /** Names of the entries of the one tensor, where the file has them. */
      readonly features?: readonly string[];
    }
  | { readonly kind: "array"; readonly shape: readonly number[]; readonly values: Float64Array };

/** As in `[784, 128]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** Entries of a tensor of this shape. */
export function entriesOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
