/** Windows over images: patches and pools. */
import { bytes, lanes } from "./lanes";

@inline
function copy<T>(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, load<T>(from));
    from += sizeof<T>();
    to += sizeof<T>();
  }
}

@inline
function zeros<T>(to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.splat<T>(0));
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, 0);
    to += sizeof<T>();
  }
}

/** to += from */
@inline
function addTo<T>(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.add<T>(v128.load(to), v128.load(from)));
    from += 16;
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, load<T>(to) + load<T>(from));
    from += sizeof<T>();
    to += sizeof<T>();
  }
}

@inline
export function patches<T>(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  const line = windowWidth * size;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const column = x * strideX - left;
      // Taps of a line that lie within the image: before .. before + inside - 1.
      const before = min(max(-column, 0), windowWidth);
      const inside = max(min(windowWidth, width - column) - before, 0);
      for (let i = 0; i < windowHeight; i++) {
        const row = y * strideY + i - top;
        if (row < 0 || row >= height || inside == 0) zeros<T>(out, line);
        else {
          zeros<T>(out, before * size);
          const from = a + bytes<T>((row * width + column + before) * size);
          copy<T>(from, out + bytes<T>(before * size), inside * size);
          zeros<T>(out + bytes<T>((before + inside) * size), line - (before + inside) * size);
        }
        out += bytes<T>(line);
      }
    }
  }
}

@inline
export function addPatches<T>(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  for (let row = 0; row < height; row++) {
    // The windows that cover a pixel: the last one with its first tap there, the one before with a tap one stride further on.
    const lastY = (row + top) / strideY;
    const firstI = row + top - lastY * strideY;
    for (let column = 0; column < width; column++) {
      const lastX = (column + left) / strideX;
      const firstJ = column + left - lastX * strideX;
      zeros<T>(out, size);
      for (let i = firstI, y = lastY; i < windowHeight && y >= 0; i += strideY, y--) {
        if (y >= outHeight) continue;
        for (let j = firstJ, x = lastX; j < windowWidth && x >= 0; j += strideX, x--) {
          if (x >= outWidth) continue;
          const tap = ((y * outWidth + x) * windowHeight + i) * windowWidth + j;
          addTo<T>(a + bytes<T>(tap * size), out, size);
        }
      }
      out += bytes<T>(size);
    }
  }
}

/** Where the largest entry of a window's channel is: the first of equal ones, or a NaN. */
@inline
function largestOf<T>(by: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32): usize {
  let best = by;
  let value = load<T>(by);
  let line = by;
  for (let i = 0; i < windowHeight; i++) {
    let at = line;
    for (let j = 0; j < windowWidth; j++) {
      const entry = load<T>(at);
      if (entry > value || entry != entry) {
        best = at;
        value = entry;
      }
      at += bytes<T>(size);
    }
    line += bytes<T>(width * size);
  }
  return best;
}

/** Lanes where `entry` takes the place of `best`: larger, or a NaN. */
@inline
function replaces<T>(entry: v128, best: v128): v128 {
  return v128.or(v128.gt<T>(entry, best), v128.ne<T>(entry, entry));
}

/** Of a vector of channels: the entries of the image at `a`, a window of it, where those of `by` are largest. */
@inline
function pickLargest<T>(a: usize, by: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32): v128 {
  let best = v128.load(by);
  let picked = v128.load(a);
  for (let i = 0; i < windowHeight; i++) {
    let at = bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const entry = v128.load(by + at);
      const larger = replaces<T>(entry, best);
      best = v128.bitselect(entry, best, larger);
      picked = v128.bitselect(v128.load(a + at), picked, larger);
      at += bytes<T>(size);
    }
  }
  return picked;
}

/** Likewise, adds `value` there to the image at `out`. */
@inline
function addToLargest<T>(
  value: v128, by: usize, out: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
): void {
  let best = v128.load(by);
  let where = v128.splat<T>(0);
  for (let i = 0; i < windowHeight; i++) {
    let at = by + bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const entry = v128.load(at);
      const larger = replaces<T>(entry, best);
      best = v128.bitselect(entry, best, larger);
      where = v128.bitselect(v128.splat<T>(<T>(i * windowWidth + j)), where, larger);
      at += bytes<T>(size);
    }
  }
  for (let i = 0; i < windowHeight; i++) {
    let to = out + bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const before = v128.load(to);
      const here = v128.eq<T>(where, v128.splat<T>(<T>(i * windowWidth + j)));
      v128.store(to, v128.bitselect(v128.add<T>(before, value), before, here));
      to += bytes<T>(size);
    }
  }
}

@inline
export function maxPool<T>(
  put: bool, a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32,
  windowWidth: i32, strideY: i32, strideX: i32, outHeight: i32, outWidth: i32,
): void {
  const image = bytes<T>(height * width * size);
  // Pick: a is like `by` and out is what windows give; put: the other way round.
  if (put) zeros<T>(out, rows * height * width * size);
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const window = by + bytes<T>((y * strideY * width + x * strideX) * size);
        let q = 0;
        for (; q + lanes<T>() <= size; q += lanes<T>()) {
          const from = window + bytes<T>(q);
          const at = from - by;
          if (put) {
            addToLargest<T>(v128.load(a), from, out + at, width, size, windowHeight, windowWidth);
            a += 16;
          } else {
            v128.store(out, pickLargest<T>(a + at, from, width, size, windowHeight, windowWidth));
            out += 16;
          }
        }
        for (; q < size; q++) {
          const at = largestOf<T>(window + bytes<T>(q), width, size, windowHeight, windowWidth) - by;
          if (put) {
            store<T>(out + at, load<T>(out + at) + load<T>(a));
            a += sizeof<T>();
          } else {
            store<T>(out, load<T>(a + at));
            out += sizeof<T>();
          }
        }
      }
    }
    by += image;
    if (put) out += image;
    else a += image;
  }
}

@inline
export function sumPool<T>(
  transposed: bool, a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32,
  windowWidth: i32, strideY: i32, strideX: i32, outHeight: i32, outWidth: i32,
): void {
  const image = bytes<T>(height * width * size);
  if (transposed) zeros<T>(out, rows * height * width * size);
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const window = bytes<T>((y * strideY * width + x * strideX) * size);
        if (!transposed) zeros<T>(out, size);
        for (let i = 0; i < windowHeight; i++) {
          for (let j = 0; j < windowWidth; j++) {
            const at = window + bytes<T>((i * width + j) * size);
            if (transposed) addTo<T>(a, out + at, size);
            else addTo<T>(a + at, out, size);
          }
        }
        if (transposed) a += bytes<T>(size);
        else out += bytes<T>(size);
      }
    }
    if (transposed) out += image;
    else a += image;
  }
}
