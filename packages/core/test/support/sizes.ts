type Three = [number, number, number];

/** Three sizes each, as the messages of tests name them: '2x3x5 1x8x2' says [2, 3, 5] and [1, 8, 2]. */
export const sizesIn = (names: string): Three[] =>
  names.split(' ').map((name) => name.split('x').map(Number) as Three);
