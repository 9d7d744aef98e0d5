/**
 * Left factors of which many entries are zeros: pixels of a background, what relu has let go. A term of a zero changes no
 * sum that began at +0 (which never comes to -0) as long as the right factor is finite: such terms are left out, with the
 * same bits. A row is a list of its other entries, and goes through four panels at a time: so each of its entries is one
 * step.
 */
import { bytes, lanes, loadLanes, storeLanes } from "./lanes";
import { addProduct, panelColumns } from "./panels";

/** Steps of the sum at one time: so many rows of four panels stay in the first-level cache. */
const SPAN: i32 = 128;
/** Rows of A whose lists are made at one time. */
const LISTED_ROWS: i32 = 64;
const GROUP: i32 = 4;
/** Of each row: bytes of its list; where in its panel each entry's row of B is, in bytes, as wide as an entry; and the entries. */
const LENGTHS = memory.data(LISTED_ROWS * 4, 16);
const LIST_BYTES: i32 = SPAN * 8;
const STEPS = memory.data(LISTED_ROWS * LIST_BYTES, 16);
const LISTED = memory.data(LISTED_ROWS * LIST_BYTES, 16);

/** For each set of four lanes, and of two: what moves these lanes to the front. */
const FRONT_OF_FOUR = memory.data<u32>([
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x07060504, 0x03020100, 0x0b0a0908, 0x0f0e0d0c,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x0b0a0908, 0x03020100, 0x07060504, 0x0f0e0d0c,
  0x03020100, 0x0b0a0908, 0x07060504, 0x0f0e0d0c,
  0x07060504, 0x0b0a0908, 0x03020100, 0x0f0e0d0c,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x0f0e0d0c, 0x03020100, 0x07060504, 0x0b0a0908,
  0x03020100, 0x0f0e0d0c, 0x07060504, 0x0b0a0908,
  0x07060504, 0x0f0e0d0c, 0x03020100, 0x0b0a0908,
  0x03020100, 0x07060504, 0x0f0e0d0c, 0x0b0a0908,
  0x0b0a0908, 0x0f0e0d0c, 0x03020100, 0x07060504,
  0x03020100, 0x0b0a0908, 0x0f0e0d0c, 0x07060504,
  0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x03020100,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
]);
const FRONT_OF_TWO = memory.data<u32>([
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
  0x0b0a0908, 0x0f0e0d0c, 0x03020100, 0x07060504,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
]);

/** Has A, of `count` entries, so many zeros that listing the others takes less time than the terms of a product of n columns? */
@inline
function isSparse<T>(a: usize, count: i32, n: i32): bool {
  // Counts of 0 or -1 in each lane; of a float64 in two halves.
  let zeroLanes = i32x4.splat(0);
  const end = a + bytes<T>(count & ~(lanes<T>() - 1));
  const zero = v128.splat<T>(0);
  for (; a < end; a += 16) zeroLanes = i32x4.add(zeroLanes, v128.eq<T>(v128.load(a), zero));
  const found =
    sizeof<T>() == 4
      ? i32x4.extract_lane(zeroLanes, 0) +
        i32x4.extract_lane(zeroLanes, 1) +
        i32x4.extract_lane(zeroLanes, 2) +
        i32x4.extract_lane(zeroLanes, 3)
      : i32x4.extract_lane(zeroLanes, 0) + i32x4.extract_lane(zeroLanes, 2);
  // As measured: an entry's listing takes as long as 12 columns of its term, and a listed term an eighth longer.
  return <f64>-found > <f64>count * (0.125 + 12.0 / <f64>n);
}

/** So many bytes of numbers, a multiple of 32: is each of them finite? */
@inline
function areFinite<T>(from: usize, count: usize): bool {
  // x - x is 0, or NaN, which no sum loses.
  let low = v128.splat<T>(0);
  let high = low;
  const end = from + count;
  for (; from < end; from += 32) {
    const first = v128.load(from);
    const second = v128.load(from, 16);
    low = v128.add<T>(low, v128.sub<T>(first, first));
    high = v128.add<T>(high, v128.sub<T>(second, second));
  }
  low = v128.add<T>(low, high);
  return !v128.any_true(v128.ne<T>(low, low));
}

@inline
function stepsOf(row: i32): usize {
  return STEPS + <usize>(row * LIST_BYTES);
}

@inline
function entriesOf(row: i32): usize {
  return LISTED + <usize>(row * LIST_BYTES);
}

@inline
function lengthOf(row: i32): usize {
  return <usize>load<i32>(LENGTHS + (<usize>row << 2));
}

@inline
function setLength(row: i32, length: usize): void {
  store<i32>(LENGTHS + (<usize>row << 2), <i32>length);
}

/** Where the rows of B of a vector's entries are in their panel, the first one's at `at`. */
@inline
function stepVector<T>(at: i32): v128 {
  if (sizeof<T>() == 4) return i32x4.add(i32x4.splat(at), i32x4(0, 32, 64, 96));
  return i64x2.add(i64x2.splat(at), i64x2(0, 32));
}

/** Adds those of a vector's entries that are not zero to a list that has `length` bytes. Returns how many it has then. */
@inline
function listVector<T>(row: i32, length: usize, entries: v128, steps: v128): usize {
  const isEntry = v128.ne<T>(entries, v128.splat<T>(0));
  const listed = sizeof<T>() == 4 ? i32x4.bitmask(isEntry) : i64x2.bitmask(isEntry);
  const front = v128.load((sizeof<T>() == 4 ? FRONT_OF_FOUR : FRONT_OF_TWO) + (<usize>listed << 4));
  v128.store(entriesOf(row) + length, v128.swizzle(entries, front));
  v128.store(stepsOf(row) + length, v128.swizzle(steps, front));
  return length + <usize>popcnt(listed) * sizeof<T>();
}

@inline
function listOne<T>(row: i32, length: usize, entry: T, step: i32): usize {
  store<T>(entriesOf(row) + length, entry);
  store<i32>(stepsOf(row) + length, step);
  return length + <usize>(entry != 0) * sizeof<T>();
}

/** Lists the entries of a row of A, one beside the other, that are not zero. */
@inline
function listRow<T>(row: i32, a: usize, count: i32): void {
  let length: usize = 0;
  let p = 0;
  let steps = stepVector<T>(0);
  for (; p + lanes<T>() <= count; p += lanes<T>()) {
    length = listVector<T>(row, length, v128.load(a), steps);
    steps = v128.add<i32>(steps, i32x4.splat(lanes<T>() << 5));
    a += 16;
  }
  listRest<T>(row, length, p, a, sizeof<T>(), count);
}

/** Likewise the entries of a row from p on, `aStep` from one to the next, one by one. */
@inline
function listRest<T>(row: i32, length: usize, p: i32, a: usize, aStep: usize, count: i32): void {
  for (; p < count; p++) {
    length = listOne<T>(row, length, load<T>(a), p << 5);
    a += aStep;
  }
  setLength(row, length);
}

/** Likewise as many rows as a vector has lanes, which lie beside each other: by squares of entries, turned over. */
@inline
function listColumns<T>(row: i32, a: usize, aStep: usize, count: i32): void {
  let l0: usize = 0;
  let l1: usize = 0;
  let l2: usize = 0;
  let l3: usize = 0;
  let p = 0;
  let steps = stepVector<T>(0);
  for (; p + lanes<T>() <= count; p += lanes<T>()) {
    const a0 = v128.load(a);
    const a1 = v128.load(a + aStep);
    if (sizeof<T>() == 4) {
      const a2 = v128.load(a + 2 * aStep);
      const a3 = v128.load(a + 3 * aStep);
      // Backgrounds lie together.
      if (v128.any_true(v128.or(v128.or(a0, a1), v128.or(a2, a3)))) {
        const t0 = v128.shuffle<i32>(a0, a1, 0, 4, 1, 5);
        const t1 = v128.shuffle<i32>(a2, a3, 0, 4, 1, 5);
        const t2 = v128.shuffle<i32>(a0, a1, 2, 6, 3, 7);
        const t3 = v128.shuffle<i32>(a2, a3, 2, 6, 3, 7);
        l0 = listVector<T>(row, l0, v128.shuffle<i64>(t0, t1, 0, 2), steps);
        l1 = listVector<T>(row + 1, l1, v128.shuffle<i64>(t0, t1, 1, 3), steps);
        l2 = listVector<T>(row + 2, l2, v128.shuffle<i64>(t2, t3, 0, 2), steps);
        l3 = listVector<T>(row + 3, l3, v128.shuffle<i64>(t2, t3, 1, 3), steps);
      }
    } else if (v128.any_true(v128.or(a0, a1))) {
      l0 = listVector<T>(row, l0, v128.shuffle<i64>(a0, a1, 0, 2), steps);
      l1 = listVector<T>(row + 1, l1, v128.shuffle<i64>(a0, a1, 1, 3), steps);
    }
    steps = v128.add<i32>(steps, i32x4.splat(lanes<T>() << 5));
    a += <usize>lanes<T>() * aStep;
  }
  for (; p < count; p++) {
    l0 = listOne<T>(row, l0, load<T>(a), p << 5);
    l1 = listOne<T>(row + 1, l1, load<T>(a, sizeof<T>()), p << 5);
    if (sizeof<T>() == 4) {
      l2 = listOne<T>(row + 2, l2, load<T>(a, 8), p << 5);
      l3 = listOne<T>(row + 3, l3, load<T>(a, 12), p << 5);
    }
    a += aStep;
  }
  setLength(row, l0);
  setLength(row + 1, l1);
  if (sizeof<T>() == 4) {
    setLength(row + 2, l2);
    setLength(row + 3, l3);
  }
}

/** A listed row of C, four panels wide; `between` from one panel to the next. */
@inline
function listedGroup<T>(row: i32, panel: usize, between: usize, c: usize, onto: bool): void {
  let s0 = v128.splat<T>(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  if (onto) {
    s0 = v128.load(c);
    s1 = v128.load(c, 16);
    s2 = v128.load(c, 32);
    s3 = v128.load(c, 48);
    s4 = v128.load(c, 64);
    s5 = v128.load(c, 80);
    s6 = v128.load(c, 96);
    s7 = v128.load(c, 112);
  }
  let step = stepsOf(row);
  let entry = entriesOf(row);
  const end = step + lengthOf(row);
  const panel1 = panel + between;
  const panel2 = panel1 + between;
  const panel3 = panel2 + between;
  for (; step < end; step += sizeof<T>()) {
    const at = <usize>load<i32>(step);
    const x = v128.load_splat<T>(entry);
    entry += sizeof<T>();
    s0 = addProduct<T>(s0, x, v128.load(panel + at));
    s1 = addProduct<T>(s1, x, v128.load(panel + at, 16));
    s2 = addProduct<T>(s2, x, v128.load(panel1 + at));
    s3 = addProduct<T>(s3, x, v128.load(panel1 + at, 16));
    s4 = addProduct<T>(s4, x, v128.load(panel2 + at));
    s5 = addProduct<T>(s5, x, v128.load(panel2 + at, 16));
    s6 = addProduct<T>(s6, x, v128.load(panel3 + at));
    s7 = addProduct<T>(s7, x, v128.load(panel3 + at, 16));
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
  v128.store(c, s4, 64);
  v128.store(c, s5, 80);
  v128.store(c, s6, 96);
  v128.store(c, s7, 112);
}

/** A listed row of C, one panel wide, of which `columns` exist. */
@inline
function listedPanel<T>(row: i32, panel: usize, c: usize, columns: i32, onto: bool): void {
  let s0 = v128.splat<T>(0);
  let s1 = s0;
  if (onto) {
    s0 = loadLanes<T>(c, columns);
    s1 = loadLanes<T>(c + 16, columns - lanes<T>());
  }
  let step = stepsOf(row);
  let entry = entriesOf(row);
  const end = step + lengthOf(row);
  for (; step < end; step += sizeof<T>()) {
    const at = panel + <usize>load<i32>(step);
    const x = v128.load_splat<T>(entry);
    entry += sizeof<T>();
    s0 = addProduct<T>(s0, x, v128.load(at));
    s1 = addProduct<T>(s1, x, v128.load(at, 16));
  }
  storeLanes<T>(c, s0, columns);
  storeLanes<T>(c + 16, s1, columns - lanes<T>());
}

@inline
function listRows<T>(a: usize, aRow: usize, aStep: usize, rows: i32, count: i32): void {
  let row = 0;
  if (aStep == sizeof<T>()) {
    for (; row < rows; row++) listRow<T>(row, a + <usize>row * aRow, count);
    return;
  }
  for (; row + lanes<T>() <= rows; row += lanes<T>())
    listColumns<T>(row, a + <usize>row * aRow, aStep, count);
  for (; row < rows; row++) listRest<T>(row, 0, 0, a + <usize>row * aRow, aStep, count);
}

/** C (+)= A B, where entry (i, p) of A is at a + i * aRow + p * aStep and B is packed, by lists. */
@inline
export function listedProduct<T>(
  a: usize,
  aRow: usize,
  aStep: usize,
  packed: usize,
  c: usize,
  m: i32,
  k: i32,
  n: i32,
  onto: bool,
): void {
  const width = panelColumns<T>();
  const between = <usize>k << 5;
  const cRow = bytes<T>(n);
  for (let firstRow = 0; firstRow < m; firstRow += LISTED_ROWS) {
    const rows = min(LISTED_ROWS, m - firstRow);
    const rowsOfA = a + <usize>firstRow * aRow;
    const rowsOfC = c + <usize>firstRow * cRow;
    for (let firstStep = 0; firstStep < k; firstStep += SPAN) {
      const steps = min(SPAN, k - firstStep);
      const goesOn = onto || firstStep > 0;
      listRows<T>(rowsOfA + <usize>firstStep * aStep, aRow, aStep, rows, steps);
      let panel = packed + (<usize>firstStep << 5);
      let first = 0;
      for (; first + GROUP * width <= n; first += GROUP * width) {
        for (let row = 0; row < rows; row++)
          listedGroup<T>(row, panel, between, rowsOfC + <usize>row * cRow + bytes<T>(first), goesOn);
        panel += <usize>GROUP * between;
      }
      for (; first < n; first += width) {
        const columns = min(width, n - first);
        for (let row = 0; row < rows; row++)
          listedPanel<T>(row, panel, rowsOfC + <usize>row * cRow + bytes<T>(first), columns, goesOn);
        panel += between;
      }
    }
  }
}

/** Is C = A B, with A of m k entries and B packed, sooner done by lists, and with the same bits? */
@inline
export function isListed<T>(a: usize, packed: usize, m: i32, k: i32, n: i32): bool {
  const width = panelColumns<T>();
  if (n < GROUP * width || !isSparse<T>(a, m * k, n)) return false;
  return areFinite<T>(packed, <usize>((n + width - 1) / width) * (<usize>k << 5));
}
