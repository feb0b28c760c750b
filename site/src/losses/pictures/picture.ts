import type { Tensor } from '@kindling/core';
import type { Controls, Settings } from './controls.ts';

/** An axis of a picture. */
export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

export const over = (label: string, from: number, to: number): Axis => ({ label, from, to });

/** The loss of a tiny model over two numbers of it, and a descent that begins at `start`. */
export interface Landscape {
  readonly axes: readonly [Axis, Axis];
  readonly start: readonly [number, number];
  readonly rate: number;
  /** What the model and its data are, and what to look for. */
  readonly says: string;
  /** The losses (P,) of P pairs of numbers, (P,) each. */
  loss(first: Tensor, second: Tensor): Tensor;
}

/** How a loss is drawn: over what, with what to set, and how it is computed. */
export interface Picture<C extends Controls = Controls> {
  readonly axis: Axis;
  readonly controls: C;
  /** What is swept and what stands still. */
  readonly says: string;
  /** How many predictions are drawn, where each is a batch of its own and takes its time. */
  readonly points?: number;
  /** The losses (P,) of P predictions, (P,). */
  loss(x: Tensor, settings: Settings<C>): Tensor;
  /** Its loss is that of the settings. */
  landscape?(settings: Settings<C>): Landscape;
}

/** A picture whose losses know what its controls say; to others it is one of many. */
export const picture = <const C extends Controls>(
  of: { readonly controls: C } & Omit<Picture<NoInfer<C>>, 'controls'>,
): Picture => of as unknown as Picture;
