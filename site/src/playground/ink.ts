/**
 * Makes of what was drawn what MNIST made of its digits: 20 of 28 pixels high or wide, its weight in the middle; then
 * half of them.
 */

const inkSide = 14;
const whole = 28;
const box = 20;

/** The rectangle of an image that has ink. */
function inked({
  data,
  width,
  height,
}: ImageData): { left: number; top: number; right: number; bottom: number } | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let i = 3; i < data.length; i += 4) {
    if ((data[i] ?? 0) < 32) continue;
    const x = ((i - 3) / 4) % width;
    const y = Math.floor((i - 3) / 4 / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right < left ? undefined : { left, top, right, bottom };
}

/** How far the middle of the weight is from the middle of the image. */
function offCentre({ data }: ImageData): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  for (let i = 0; i < whole ** 2; i++) {
    const ink = data[4 * i + 3] ?? 0;
    sum += ink;
    x += ink * (i % whole);
    y += ink * Math.floor(i / whole);
  }
  return sum === 0 ? { x: 0, y: 0 } : { x: x / sum - (whole - 1) / 2, y: y / sum - (whole - 1) / 2 };
}

/** The mean ink of each two by two pixels, from 0 to 1. */
function halved({ data }: ImageData): Float32Array {
  const at = (x: number, y: number): number => data[4 * (y * whole + x) + 3] ?? 0;
  return Float32Array.from({ length: inkSide ** 2 }, (_, i) => {
    const [x, y] = [2 * (i % inkSide), 2 * Math.floor(i / inkSide)];
    return (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4 / 255;
  });
}

/** Pixels of what was drawn on a canvas, row by row; `undefined` where there is nothing. */
export function inkOf(canvas: HTMLCanvasElement): Float32Array | undefined {
  const from = canvas.getContext('2d', { willReadFrequently: true });
  const small = Object.assign(document.createElement('canvas'), { width: whole, height: whole });
  const to = small.getContext('2d', { willReadFrequently: true });
  const bounds = from && inked(from.getImageData(0, 0, canvas.width, canvas.height));
  if (!bounds || !to) return undefined;
  const width = bounds.right - bounds.left + 1;
  const height = bounds.bottom - bounds.top + 1;
  const scale = box / Math.max(width, height);
  const place = (x: number, y: number): ImageData => {
    to.clearRect(0, 0, whole, whole);
    to.imageSmoothingQuality = 'high';
    const [w, h] = [width * scale, height * scale];
    to.drawImage(
      canvas,
      bounds.left,
      bounds.top,
      width,
      height,
      (whole - w) / 2 - x,
      (whole - h) / 2 - y,
      w,
      h,
    );
    return to.getImageData(0, 0, whole, whole);
  };
  const { x, y } = offCentre(place(0, 0));
  return halved(place(x, y));
}
