/** Products, by tiles of four rows and one panel, or by lists of the left factor's entries. */
import { bytes, lanes, loadLanes, storeLanes } from "./lanes";
import { isListed, listedProduct } from "./listed-products";
import { addProduct, pack, panelColumns } from "./panels";

/**
 * Four rows of C, two vectors wide (of which `columns` entries exist). Entry (i, p) of A is at a + i * aRow + p * aStep;
 * `beside` says that aRow is one entry.
 */
@inline
function tileOfFour<T>(
  a: usize,
  aRow: usize,
  aStep: usize,
  beside: bool,
  panel: usize,
  k: i32,
  c: usize,
  cRow: usize,
  columns: i32,
  onto: bool,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  const whole = columns == panelColumns<T>();
  let s00 = v128.splat<T>(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (onto) {
    if (whole) {
      s00 = v128.load(c);
      s01 = v128.load(c, 16);
      s10 = v128.load(c1);
      s11 = v128.load(c1, 16);
      s20 = v128.load(c2);
      s21 = v128.load(c2, 16);
      s30 = v128.load(c3);
      s31 = v128.load(c3, 16);
    } else {
      s00 = loadLanes<T>(c, columns);
      s01 = loadLanes<T>(c + 16, columns - lanes<T>());
      s10 = loadLanes<T>(c1, columns);
      s11 = loadLanes<T>(c1 + 16, columns - lanes<T>());
      s20 = loadLanes<T>(c2, columns);
      s21 = loadLanes<T>(c2 + 16, columns - lanes<T>());
      s30 = loadLanes<T>(c3, columns);
      s31 = loadLanes<T>(c3 + 16, columns - lanes<T>());
    }
  }
  const end = panel + (<usize>k << 5);
  if (beside) {
    for (; panel < end; panel += 32) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      const a0 = v128.load_splat<T>(a);
      s00 = addProduct<T>(s00, a0, b0);
      s01 = addProduct<T>(s01, a0, b1);
      const a1 = v128.load_splat<T>(a, sizeof<T>());
      s10 = addProduct<T>(s10, a1, b0);
      s11 = addProduct<T>(s11, a1, b1);
      const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
      s20 = addProduct<T>(s20, a2, b0);
      s21 = addProduct<T>(s21, a2, b1);
      const a3 = v128.load_splat<T>(a, 3 * sizeof<T>());
      s30 = addProduct<T>(s30, a3, b0);
      s31 = addProduct<T>(s31, a3, b1);
      a += aStep;
    }
  } else {
    let r1 = a + aRow;
    let r2 = r1 + aRow;
    let r3 = r2 + aRow;
    for (; panel < end; panel += 32) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      const a0 = v128.load_splat<T>(a);
      s00 = addProduct<T>(s00, a0, b0);
      s01 = addProduct<T>(s01, a0, b1);
      const a1 = v128.load_splat<T>(r1);
      s10 = addProduct<T>(s10, a1, b0);
      s11 = addProduct<T>(s11, a1, b1);
      const a2 = v128.load_splat<T>(r2);
      s20 = addProduct<T>(s20, a2, b0);
      s21 = addProduct<T>(s21, a2, b1);
      const a3 = v128.load_splat<T>(r3);
      s30 = addProduct<T>(s30, a3, b0);
      s31 = addProduct<T>(s31, a3, b1);
      a += sizeof<T>();
      r1 += sizeof<T>();
      r2 += sizeof<T>();
      r3 += sizeof<T>();
    }
  }
  if (whole) {
    v128.store(c, s00);
    v128.store(c, s01, 16);
    v128.store(c1, s10);
    v128.store(c1, s11, 16);
    v128.store(c2, s20);
    v128.store(c2, s21, 16);
    v128.store(c3, s30);
    v128.store(c3, s31, 16);
  } else {
    storeLanes<T>(c, s00, columns);
    storeLanes<T>(c + 16, s01, columns - lanes<T>());
    storeLanes<T>(c1, s10, columns);
    storeLanes<T>(c1 + 16, s11, columns - lanes<T>());
    storeLanes<T>(c2, s20, columns);
    storeLanes<T>(c2 + 16, s21, columns - lanes<T>());
    storeLanes<T>(c3, s30, columns);
    storeLanes<T>(c3 + 16, s31, columns - lanes<T>());
  }
}

/** One row of C, likewise. */
@inline
function tileOfOne<T>(a: usize, aStep: usize, panel: usize, k: i32, c: usize, columns: i32, onto: bool): void {
  let s0 = v128.splat<T>(0);
  let s1 = s0;
  if (onto) {
    s0 = loadLanes<T>(c, columns);
    s1 = loadLanes<T>(c + 16, columns - lanes<T>());
  }
  const end = panel + (<usize>k << 5);
  for (; panel < end; panel += 32) {
    const a0 = v128.load_splat<T>(a);
    s0 = addProduct<T>(s0, a0, v128.load(panel));
    s1 = addProduct<T>(s1, a0, v128.load(panel, 16));
    a += aStep;
  }
  storeLanes<T>(c, s0, columns);
  storeLanes<T>(c + 16, s1, columns - lanes<T>());
}

/** C = A B, A [m, k] row-major, B packed: panel by panel, so that one of them stays near. */
@inline
export function product<T>(a: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  if (isListed<T>(a, packed, m, k, n)) {
    listedProduct<T>(a, bytes<T>(k), sizeof<T>(), packed, c, m, k, n, false);
    return;
  }
  const width = panelColumns<T>();
  const aRow = bytes<T>(k);
  const cRow = bytes<T>(n);
  for (let first = 0; first < n; first += width) {
    const columns = min(width, n - first);
    let row = a;
    let to = c + bytes<T>(first);
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      tileOfFour<T>(row, aRow, sizeof<T>(), false, packed, k, to, cRow, columns, false);
      row += 4 * aRow;
      to += 4 * cRow;
    }
    for (; i < m; i++) {
      tileOfOne<T>(row, sizeof<T>(), packed, k, to, columns, false);
      row += aRow;
      to += cRow;
    }
    packed += <usize>k << 5;
  }
}

/** C += A^T B, A [k, m] and B [k, n] row-major; B is packed into `packed` first. Rows of C one after the other. */
@inline
export function addTransposedProduct<T>(a: usize, b: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  pack<T>(b, bytes<T>(n), sizeof<T>(), packed, k, n);
  if (isListed<T>(a, packed, m, k, n)) {
    listedProduct<T>(a, sizeof<T>(), bytes<T>(m), packed, c, m, k, n, true);
    return;
  }
  const width = panelColumns<T>();
  const aStep = bytes<T>(m);
  const cRow = bytes<T>(n);
  let i = 0;
  for (; i < m; ) {
    const four = i + 4 <= m;
    let panel = packed;
    for (let first = 0; first < n; first += width) {
      const columns = min(width, n - first);
      const to = c + bytes<T>(first);
      if (four) tileOfFour<T>(a, sizeof<T>(), aStep, true, panel, k, to, cRow, columns, true);
      else tileOfOne<T>(a, aStep, panel, k, to, columns, true);
      panel += <usize>k << 5;
    }
    const done = four ? 4 : 1;
    i += done;
    a += bytes<T>(done);
    c += <usize>done * cRow;
  }
}
