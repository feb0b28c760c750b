/** Lines of one value through a square of values: marching squares. */

/** Is told of each piece of a line, in cells of the square; 0 is the middle of the first value. */
type Line = (x1: number, y1: number, x2: number, y2: number) => void;

/**
 * The line at `level`. A cell is crossed at two of its sides, or at all four, which are joined in their order around
 * it.
 */
export function contour(values: ArrayLike<number>, side: number, level: number, line: Line): void {
  const xs = [0, 0, 0, 0];
  const ys = [0, 0, 0, 0];
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const at = row * side + column;
      const a = (values[at] ?? 0) - level;
      const b = (values[at + 1] ?? 0) - level;
      const c = (values[at + side + 1] ?? 0) - level;
      const d = (values[at + side] ?? 0) - level;
      let found = 0;
      const cross = (x: number, y: number): void => {
        xs[found] = column + x;
        ys[found++] = row + y;
      };
      if (a > 0 !== b > 0) cross(a / (a - b), 0);
      if (b > 0 !== c > 0) cross(1, b / (b - c));
      if (c > 0 !== d > 0) cross(d / (d - c), 1);
      if (d > 0 !== a > 0) cross(0, a / (a - d));
      for (let i = 0; i + 1 < found; i += 2) line(xs[i] ?? 0, ys[i] ?? 0, xs[i + 1] ?? 0, ys[i + 1] ?? 0);
    }
  }
}
