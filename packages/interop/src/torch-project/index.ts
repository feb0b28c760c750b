/** A model, its loss and its optimizer as a project that PyTorch runs on one process or many; and the way back. */
export { exportTorch } from './export-torch.ts';
export { type ImportedTraining, type ImportTorchOptions, importTorch } from './import-torch.ts';
export type { ExportedProject, ExportTorchOptions, Folder, TrainingExample } from './parts/index.ts';
