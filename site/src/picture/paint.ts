/** Paints what a net makes of the plane. */
import { contour } from './contours.ts';
import type { Palette, Rgb } from './palette.ts';

/** Where a value stands in the height of the picture; the plane is 4 high. */
const reach = 2;

const mixed = (from: Rgb, to: Rgb, share: number, channel: 0 | 1 | 2): number =>
  from[channel] + (to[channel] - from[channel]) * share;

/** How many times likelier one class is than the other, as a logarithm: a probability is a step where a net is sure. */
function odds(value: number): number {
  const p = Math.max(1e-6, Math.min(1 - 1e-6, value));
  return Number.isNaN(value) ? 0 : Math.log(p / (1 - p));
}

function imageOf(all: Float32Array, side: number, { low, high, middle }: Palette): ImageData {
  const image = new ImageData(side, side);
  for (let i = 0; i < all.length; i++) {
    const away = Math.tanh((all[i] ?? 0) / 3.5);
    const end = away < 0 ? low : high;
    const share = Math.abs(away);
    image.data[4 * i] = mixed(middle, end, share, 0);
    image.data[4 * i + 1] = mixed(middle, end, share, 1);
    image.data[4 * i + 2] = mixed(middle, end, share, 2);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

let scratch: OffscreenCanvas | undefined;

/** `scale` is how many pixels of the canvas are one of the page. */
export function paintField(
  canvas: OffscreenCanvas,
  probabilities: Float32Array,
  colours: Palette,
  scale: number,
): void {
  const context = canvas.getContext('2d');
  const values = probabilities.map(odds);
  const side = Math.sqrt(values.length);
  if (scratch?.width !== side) scratch = new OffscreenCanvas(side, side);
  scratch.getContext('2d')?.putImageData(imageOf(values, side, colours), 0, 0);
  if (!context) return;
  const cell = canvas.width / side;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(scratch, 0, 0, canvas.width, canvas.height);
  for (const level of [-6, -4, -2, 0, 2, 4, 6]) {
    context.beginPath();
    contour(values, side, level, (x1, y1, x2, y2) => {
      context.moveTo((x1 + 0.5) * cell, (y1 + 0.5) * cell);
      context.lineTo((x2 + 0.5) * cell, (y2 + 0.5) * cell);
    });
    context.strokeStyle = level === 0 ? colours.line : colours.faint;
    context.lineWidth = (level === 0 ? 2.2 : 1) * scale;
    context.lineCap = 'round';
    context.stroke();
  }
}

export function paintCurve(
  canvas: OffscreenCanvas,
  heights: Float32Array | undefined,
  colours: Palette,
  scale: number,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  context.fillStyle = `rgb(${colours.middle.join(' ')})`;
  context.fillRect(0, 0, width, height);
  context.strokeStyle = colours.faint;
  context.lineWidth = scale;
  context.beginPath();
  for (const part of [0.25, 0.5, 0.75]) {
    context.moveTo(part * width, 0);
    context.lineTo(part * width, height);
    context.moveTo(0, part * height);
    context.lineTo(width, part * height);
  }
  context.stroke();
  if (!heights) return;
  context.beginPath();
  for (const [i, value] of heights.entries()) {
    const x = ((i + 0.5) / heights.length) * width;
    const y = ((reach - value) / (2 * reach)) * height;
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.strokeStyle = `rgb(${colours.high.join(' ')})`;
  context.lineWidth = 3 * scale;
  context.lineJoin = 'round';
  context.stroke();
}
