/** The links at the side, which are many, and are not waited for. */
import Group from 'theme-part/VPSidebarGroup';
import { inItsOwnTask } from '../live/in-its-own-task.ts';

export default inItsOwnTask(Group);
