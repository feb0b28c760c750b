/**
 * What goes into the folder of a project: the task as it was given, its state, its reference steps; and how a folder is
 * written.
 */
export { refuseFolder, writeFolder } from './folder.ts';
export { aFolder, aModel, anOptimizer, aScheduler, type Folder, someData } from './kinds.ts';
export { optimizerName, parameterNames } from './optimizers.ts';
export type { ExportedProject, ExportTorchOptions, TrainingExample } from './options.ts';
export { projectFiles } from './project.ts';
export { reference } from './reference.ts';
export { type Scheduler, schedulerPython } from './schedulers.ts';
export { snapshot } from './snapshot.ts';
export { taskOf } from './task.ts';
