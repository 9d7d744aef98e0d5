/** The Pareto front: what can't be had both faster and cheaper. */

/** For each point: is there no other one at most as large in both coordinates and smaller in one? */
export function onFront(points: readonly (readonly [x: number, y: number])[]): boolean[] {
  const order = points
    .map((_, i) => i)
    .sort((a, b) => {
      const [ax, ay] = points[a]!;
      const [bx, by] = points[b]!;
      return ax - bx || ay - by;
    });
  const front = points.map(() => false);
  // In ascending x: a point is on the front when it is lower than all before it, or equal to the one that set the mark.
  let lowest = Number.POSITIVE_INFINITY;
  let lowestX = Number.NaN;
  for (const i of order) {
    const [x, y] = points[i]!;
    if (y < lowest || (y === lowest && x === lowestX)) {
      front[i] = true;
      lowest = y;
      lowestX = x;
    }
  }
  return front;
}
