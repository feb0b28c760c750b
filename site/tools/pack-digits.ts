/**
 * Packs the digits of the playground from MNIST: `tsx site/tools/pack-digits.ts <folder of its four files>`. See
 * src/page/digits.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder in which the four files of MNIST lie');
const side = 28;
const headOfImages = 16;
const headOfLabels = 8;

/** The gray of each two by two pixels, of 16. */
function halved(image: Uint8Array): number[] {
  const at = (row: number, column: number): number => image[row * side + column] ?? 0;
  return Array.from({ length: (side / 2) ** 2 }, (_, i) => {
    const row = 2 * Math.floor(i / (side / 2));
    const column = 2 * (i % (side / 2));
    const sum = at(row, column) + at(row, column + 1) + at(row + 1, column) + at(row + 1, column + 1);
    return Math.round((sum / 4 / 255) * 15);
  });
}

/** The first `ofEach` of each digit. */
function pick(name: string, ofEach: number): { label: number; grays: number[] }[] {
  const images = readFileSync(join(folder ?? '', `${name}-images-idx3-ubyte`));
  const labels = readFileSync(join(folder ?? '', `${name}-labels-idx1-ubyte`)).subarray(headOfLabels);
  const counts = new Array<number>(10).fill(0);
  const picked: { label: number; grays: number[] }[] = [];
  for (const [i, label] of labels.entries()) {
    if ((counts[label] ?? 0) >= ofEach) continue;
    counts[label] = (counts[label] ?? 0) + 1;
    const from = headOfImages + i * side ** 2;
    picked.push({ label, grays: halved(images.subarray(from, from + side ** 2)) });
  }
  return picked;
}

const train = pick('train', 170);
const all = [...train, ...pick('t10k', 30)];
const grays = all.flatMap((image) => image.grays);
const pairs = Uint8Array.from(
  { length: grays.length / 2 },
  (_, i) => ((grays[2 * i] ?? 0) << 4) | (grays[2 * i + 1] ?? 0),
);
const packed = {
  train: train.length,
  labels: all.map(({ label }) => label).join(''),
  grays: Buffer.from(pairs).toString('base64'),
};
writeFileSync(join(import.meta.dirname, '../src/page/digits.json'), `${JSON.stringify(packed)}\n`);
