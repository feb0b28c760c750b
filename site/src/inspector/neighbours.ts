/** Which box an arrow key leads to. */

export type Direction = 'up' | 'down' | 'left' | 'right';

interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

const along: Readonly<
  Record<Direction, (dx: number, dy: number) => readonly [ahead: number, aside: number]>
> = {
  up: (dx, dy) => [-dy, dx],
  down: (dx, dy) => [dy, dx],
  left: (dx, dy) => [-dx, dy],
  right: (dx, dy) => [dx, dy],
};

/** The nearest place in a direction, those straight ahead counting as nearer; `null` where there is none. */
export function nearest(places: readonly Place[], from: string, direction: Direction): string | null {
  const here = places.find(({ id }) => id === from);
  if (here === undefined) return null;
  let best: { id: string; distance: number } | null = null;
  for (const { id, x, y } of places) {
    const [ahead, aside] = along[direction](x - here.x, y - here.y);
    if (ahead < 4) continue;
    const distance = ahead + 2 * Math.abs(aside);
    if (best === null || distance < best.distance) best = { id, distance };
  }
  return best?.id ?? null;
}
