/** A model, its loss and its optimizer as a project that PyTorch runs on one process or many. */
export {};
