/** A process that trains as it is told, and tells the losses: started by resume.ts. */
import { type Task, train } from './training.ts';

const [, , task = ''] = process.argv;
const tell = (message: unknown): void => void process.send?.(message);

tell({ weights: await train(JSON.parse(task) as Task, tell) });
process.disconnect();
