/** What stands between the bar and the foot of a page. */
import Content from 'theme-part/VPContent';
import { inItsOwnTask } from '../live/in-its-own-task.ts';

export default inItsOwnTask(Content);
