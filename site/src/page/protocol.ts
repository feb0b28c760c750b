/** What a program that trains and the page that shows it say to one another. */

/** A point of the plane: `y` is what is predicted in data sets for regression, which have no labels. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
}

/** What is asked of a program. */
export type Request =
  | { readonly kind: 'points'; readonly set: string; readonly points: readonly Point[] }
  | { readonly kind: 'pause'; readonly paused: boolean }
  | { readonly kind: 'step' }
  /** The last frame is on the screen: another may come. */
  | { readonly kind: 'seen' }
  /** Steps a second at most; 0 is as many as there can be. */
  | { readonly kind: 'rate'; readonly stepsPerSecond: number }
  | { readonly kind: 'drawing'; readonly pixels: Float32Array };

/** The losses so far, each point the mean of as many. */
export interface LossCurve {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** A pole on a cart: the place of the cart, from -1 to 1, and the angle of the pole. */
export interface CartState {
  readonly place: number;
  readonly angle: number;
}

/** Places with labels. */
export interface Scatter {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly labels: Int32Array;
}

/** What was drawn, as numbers; what a program does not show is not there. */
export interface Pictures {
  /** Values over the plane, row by row from the top, in a square. */
  readonly field?: Float32Array;
  /** Values over the width of the plane. */
  readonly curve?: Float32Array;
  /** Probabilities of what the reader drew. */
  readonly bars?: Float32Array;
  readonly scatter?: Scatter;
  /** Gray images in a row, each a square of `side` pixels. */
  readonly images?: { readonly pixels: Float32Array; readonly side: number };
  readonly text?: string;
  readonly cart?: CartState;
}

export interface Frame {
  readonly step: number;
  readonly stepsPerSecond: number;
  /** The loss, or the score, of this step. */
  readonly value: number;
  readonly measure: 'Loss' | 'Score';
  readonly losses: LossCurve;
  /** Whether what the reader draws is looked at. */
  readonly takesDrawing: boolean;
  readonly pictures: Pictures;
}

export type Report =
  | { readonly kind: 'points'; readonly set: string; readonly points: readonly Point[] }
  | { readonly kind: 'frame'; readonly frame: Frame };
