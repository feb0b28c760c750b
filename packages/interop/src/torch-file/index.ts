/** PyTorch's files, .pt and .pth: read by an unpickler that builds tensors and containers alone, and written. */
export {};
