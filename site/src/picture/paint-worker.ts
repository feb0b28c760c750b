/** Paints a canvas of the page in a worker: what is dragged and typed meanwhile does not wait for it. */
import type { Pictures } from '../page/protocol.ts';
import { paintCurve, paintField } from './paint.ts';
import type { Palette } from './palette.ts';

/** What the page says; what is not said again stays as it was. */
export interface PaintOrder {
  readonly canvas?: OffscreenCanvas;
  /** Pixels along each side, and pixels to one of the page. */
  readonly size?: number;
  readonly scale?: number;
  readonly colours?: Palette;
  /** `null` where there is nothing to be seen yet. */
  readonly pictures?: Pick<Pictures, 'field' | 'curve'> | null;
}

let order: PaintOrder = {};
let due = false;

function paint(): void {
  due = false;
  const { canvas, size, scale = 1, colours, pictures } = order;
  if (!canvas || !size || !colours) return;
  if (canvas.width !== size) {
    canvas.width = size;
    canvas.height = size;
  }
  if (pictures?.field) paintField(canvas, pictures.field, colours, scale);
  else paintCurve(canvas, pictures?.curve, colours, scale);
}

self.addEventListener('message', ({ data }: MessageEvent<PaintOrder>) => {
  order = { ...order, ...data };
  // Of what comes before the next picture is due only the last is painted.
  if (due) return;
  due = true;
  requestAnimationFrame(paint);
});
