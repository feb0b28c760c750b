/** The text of WebAssembly, by wabt, which is loaded for it. */

/** What a module says, function by function. */
export async function asText(bytes: Uint8Array): Promise<string> {
  const { default: load } = await import('wabt');
  const wabt = await load();
  const module = wabt.readWasm(bytes, {
    readDebugNames: true,
    simd: true,
    relaxed_simd: true,
    threads: true,
    bulk_memory: true,
  });
  try {
    module.generateNames();
    module.applyNames();
    return module.toText({ foldExprs: false, inlineExport: true });
  } finally {
    module.destroy();
  }
}
