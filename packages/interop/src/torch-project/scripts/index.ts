/** The texts of a project beside model.py and loss.py: templates, which are filled once. */
export { dataPython } from './data.ts';
export { parallelPython, type Sharing } from './parallel.ts';
export { readmeText } from './readme.ts';
export { statePython } from './state.ts';
export { type TrainNeeds, trainPython } from './train.ts';
export { verifyPython } from './verify.ts';
