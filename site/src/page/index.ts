/**
 * What programs of the landing page and the playground import as './page': the data that is shown, and the way to show
 * it.
 */
import { hearRequests } from './requests.ts';

export { CartPole } from './cart-pole.ts';
export { type Digits, digits } from './digits.ts';
export type { Shown } from './drawing.ts';
export { Points, points } from './points.ts';
export { type Step, show } from './show.ts';
export { sonnets } from './sonnets.ts';

hearRequests();
