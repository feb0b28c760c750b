/** PyTorch's `torch.signal`: exported as the namespace `signal`. */
export * as windows from './windows.ts';
