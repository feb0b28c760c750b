/** Digits written by hand: part of MNIST, with half of its pixels along each side. See digits.md. */
import { type Tensor, tensor } from '@kindling/core';

const digitSide = 14;

export interface Digits {
  /** Images of shape (N, 196), from 0 for paper to 1 for ink. */
  readonly images: Tensor;
  /** Of shape (N,). */
  readonly labels: Tensor;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** 1,700 images to learn from and 300 others, 16 grays each. */
export async function digits(): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const { default: packed } = await import('./digits.json');
  const labels = [...packed.labels].map(Number);
  const grays = Float32Array.from(bytesOf(packed.grays));
  const pixels = new Float32Array(2 * grays.length);
  for (const [i, pair] of grays.entries()) {
    pixels[2 * i] = (pair >> 4) / 15;
    pixels[2 * i + 1] = (pair & 15) / 15;
  }
  const images = tensor(pixels).reshape([labels.length, digitSide ** 2]);
  const classes = tensor(labels);
  const part = (from: number, to: number): Digits => ({
    images: images.narrow(0, from, to - from),
    labels: classes.narrow(0, from, to - from),
  });
  return { train: part(0, packed.train), test: part(packed.train, labels.length) };
}
