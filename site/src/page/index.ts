/** What programs of the landing page and the playground import as './page': the data that is shown, and the way to show it. */
import { hearRequests } from './requests.ts';

export type { Shown } from './drawing.ts';
export { Points, points } from './points.ts';
export type { CartState } from './protocol.ts';
export { show } from './show.ts';

hearRequests();
