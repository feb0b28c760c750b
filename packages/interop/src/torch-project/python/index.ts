/** Python source: a model's classes, its forward and its loss, from recordings of their calls. */
export { lossByCalls, lossByClass, lossByName } from './loss.ts';
export { modelFile } from './model.ts';
