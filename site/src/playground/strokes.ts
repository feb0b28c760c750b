/** Digits as a pen writes them, for those who draw with keys: each stroke a row of places in a square of 100. */
const written: readonly (readonly string[])[] = [
  ['50,16 33,26 28,50 33,74 50,84 67,74 72,50 67,26 50,16'],
  ['39,30 53,16 53,84'],
  ['30,32 37,19 52,16 66,23 68,38 58,54 42,69 29,83 72,82'],
  ['31,22 48,16 64,22 66,36 56,46 44,49 58,51 69,63 65,78 48,85 30,79'],
  ['44,16 30,56 72,56', '62,32 60,85'],
  ['68,17 37,18 34,45 51,42 66,49 69,66 60,81 44,85 29,77'],
  ['62,17 44,28 33,49 31,70 42,84 59,82 67,68 60,55 46,54 33,64'],
  ['28,18 71,18 56,47 45,85'],
  ['52,48 35,36 36,22 51,16 65,23 64,36 52,48 35,61 33,77 50,85 67,77 66,61 52,48'],
  ['66,33 54,17 38,20 32,34 39,47 54,46 66,33 64,58 56,85'],
];

type Place = readonly [x: number, y: number];

/** The strokes of a digit in a square of `side` pixels. */
export const strokesOf = (digit: number, side: number): Place[][] =>
  (written[digit] ?? []).map((stroke) =>
    stroke.split(' ').map((place) => {
      const [x = 0, y = 0] = place.split(',').map(Number);
      return [(x * side) / 100, (y * side) / 100] as const;
    }),
  );
