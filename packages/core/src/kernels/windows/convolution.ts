import { elementsOf } from '../elementwise/index.ts';
import { worksInJavaScript } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import type { Geometry } from './geometry.ts';
import { convolvePlain, type Wanted } from './plain.ts';

/** What a convolution is about: x, weights and y, of which it makes one of the two others. */
export interface Operands {
  readonly x: Strided;
  readonly weight: Strided;
  readonly y: Strided;
}

/** Makes the wanted one of the other two, of its dtype; it is contiguous. `bias` is added, an element for each of its channels. */
export function convolve(g: Geometry, wanted: Wanted, operands: Operands, bias: Strided | null): void {
  const [x, weight, y] = [operands.x, operands.weight, operands.y].map(elementsOf);
  if (x === undefined || weight === undefined || y === undefined) return;
  worksInJavaScript('its kernel works on elements in JavaScript');
  convolvePlain(g, wanted, { x, weight, y }, bias === null ? null : elementsOf(bias));
}
