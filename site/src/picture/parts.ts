/** The larger parts of a page with a training; each comes alive in a task of its own. */
import CodePanelNow from '../live/CodePanel.vue';
import { inItsOwnTask } from '../live/in-its-own-task.ts';
import MeasuresNow from './Measures.vue';
import PlanePictureNow from './PlanePicture.vue';
import TrainingBarNow from './TrainingBar.vue';

export const CodePanel = inItsOwnTask(CodePanelNow);
export const Measures = inItsOwnTask(MeasuresNow);
export const PlanePicture = inItsOwnTask(PlanePictureNow);
export const TrainingBar = inItsOwnTask(TrainingBarNow);
