/** Windows that slide over an image [height, width, channels]: what convolutions and pools have in common. */
import type { Shape } from "./shape.ts";

/** All pairs are [vertical, horizontal]; padding is [[top, bottom], [left, right]] in zeros. */
export interface WindowAttributes {
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [readonly [number, number], readonly [number, number]];
}

/** Everything that a loop over windows needs. */
export interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly top: number;
  readonly left: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** How many windows fit: floor((size + padding - window)/stride) + 1; what is left over at the end is dropped. */
export function outSize(size: number, window: number, stride: number): number {
  return Math.floor((size - window) / stride) + 1;
}

/** The geometry over an image of this shape. Sizes of the output below 1 mean that no window fits. */
export function geometryOf(image: Shape, { window, stride, padding }: WindowAttributes): Geometry {
  const [height, width, channels] = image as [number, number, number];
  const [[top, bottom], [left, right]] = padding;
  return {
    height,
    width,
    channels,
    windowHeight: window[0],
    windowWidth: window[1],
    strideY: stride[0],
    strideX: stride[1],
    top,
    left,
    outHeight: outSize(height + top + bottom, window[0], stride[0]),
    outWidth: outSize(width + left + right, window[1], stride[1]),
  };
}

/** Does a window of this geometry cover exactly one pixel each, all of them in order? Then patches are the image. */
export function isPointwise(g: Geometry): boolean {
  return (
    g.windowHeight === 1 &&
    g.windowWidth === 1 &&
    g.strideY === 1 &&
    g.strideX === 1 &&
    g.outHeight === g.height &&
    g.outWidth === g.width &&
    g.top === 0 &&
    g.left === 0
  );
}
