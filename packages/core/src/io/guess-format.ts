/** What a file is that was expected to be another: its first bytes tell. */

const signatures: readonly (readonly [string, string])[] = [
  ['\x93NUMPY', 'a NumPy array: read it with loadNpy'],
  [
    'PK\x03\x04',
    "a ZIP archive, such as NumPy's .npz or PyTorch's .pt: unpack it, or save it as safetensors",
  ],
  ['\x1f\x8b', 'compressed by gzip: decompress it first'],
  ['\x80\x02', "a Python pickle, such as PyTorch's old .pt: save it as safetensors"],
  ['\x80\x04', "a Python pickle, such as PyTorch's old .pt: save it as safetensors"],
  ['\x89HDF', 'an HDF5 file: save it as safetensors'],
  ['<', 'HTML or XML: perhaps a page that says why there is no such file'],
  ['{', 'JSON'],
  ['version https://git-lfs', 'a pointer of Git LFS: fetch the file itself (git lfs pull)'],
];

/**
 * A hint for a message: ' (it begins like ...)', or nothing. A safetensors file has no signature, and is guessed for
 * `npy` alone.
 */
export function guessFormat(bytes: Uint8Array, expected: 'npy' | 'safetensors'): string {
  const start = String.fromCharCode(...bytes.subarray(0, 24));
  const found = signatures.find(([signature]) => start.startsWith(signature));
  if (found !== undefined) return ` (it begins like ${found[1]})`;
  const named = expected === 'npy' && bytes[8] === 0x7b;
  return named ? ' (it begins like a safetensors file: read it with loadSafetensors)' : '';
}
