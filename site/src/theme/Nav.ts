/** The bar at the top. */
import Nav from 'theme-part/VPNav';
import { inItsOwnTask } from '../live/in-its-own-task.ts';

export default inItsOwnTask(Nav);
