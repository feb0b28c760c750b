/** What shows a loss at work; each part comes alive in a task of its own. */
import { inItsOwnTask } from '../live/in-its-own-task.ts';
import Curve from './LossCurve.vue';
import Landscape from './LossLandscape.vue';
import Neighbours from './LossNeighbours.vue';
import Reductions from './LossReductions.vue';

export const LossCurve = inItsOwnTask(Curve);
export const LossLandscape = inItsOwnTask(Landscape);
export const LossNeighbours = inItsOwnTask(Neighbours);
export const LossReductions = inItsOwnTask(Reductions);
