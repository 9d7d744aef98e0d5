/**
 * Data sets whose workers have a share of their rows in common: how alike their losses are is then a number, from 0 (no row in common)
 * to 1 (the same rows everywhere), as in experiments with MARINA's relatives (Richtárik et al., "3PC", ICML 2022, who let each
 * worker have the common part or its own by chance).
 */
const IMAGES_HEAD = 16;
const LABELS_HEAD = 8;

export interface IdxFiles {
  /** IDX of three axes, bytes. */
  readonly images: Uint8Array;
  /** IDX of one axis, bytes. */
  readonly labels: Uint8Array;
}

/**
 * Of the first (workers + 1) rows images: the last `rows` of them are the common part, and the others, sorted by label, the workers'
 * own in turn. A worker's rows are the first round(share rows) of the common part, then the first of its own.
 * @param share of the rows that are in common, 0 to 1
 */
export function withCommonRows(
  { images, labels }: IdxFiles,
  { workers, rows, share }: { readonly workers: number; readonly rows: number; readonly share: number },
): IdxFiles {
  const head = new DataView(images.buffer, images.byteOffset);
  const size = head.getUint32(8) * head.getUint32(12);
  const labelOf = (row: number): number => labels[LABELS_HEAD + row]!;
  const own = Array.from({ length: workers * rows }, (_, row) => row).sort(
    (a, b) => labelOf(a) - labelOf(b) || a - b,
  );
  const common = Math.round(share * rows);
  const chosen = Array.from({ length: workers * rows }, (_, at) => {
    const [worker, row] = [Math.floor(at / rows), at % rows];
    return row < common ? workers * rows + row : own[worker * rows + row - common]!;
  });
  const made = {
    images: new Uint8Array(IMAGES_HEAD + chosen.length * size),
    labels: new Uint8Array(LABELS_HEAD + chosen.length),
  };
  made.images.set(images.subarray(0, IMAGES_HEAD));
  made.labels.set(labels.subarray(0, LABELS_HEAD));
  for (const file of [made.images, made.labels]) new DataView(file.buffer).setUint32(4, chosen.length);
  for (const [at, row] of chosen.entries()) {
    const from = IMAGES_HEAD + row * size;
    made.images.set(images.subarray(from, from + size), IMAGES_HEAD + at * size);
    made.labels[LABELS_HEAD + at] = labelOf(row);
  }
  return made;
}
