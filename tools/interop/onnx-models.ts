/**
 * Writes the models of packages/interop/test/onnx, every layer and the nets of the examples, as ONNX files into a
 * folder, each beside what it is given and gives here (for the batch of the export and another one), for check_onnx.py:
 *
 *     npx tsx tools/interop/onnx-models.ts FOLDER && python tools/interop/check_onnx.py FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, manualSeed, noGrad, type Tensor } from '../../packages/core/src/index.ts';
import { families } from '../../packages/interop/test/onnx/layers.ts';
import { examples, forwards } from '../../packages/interop/test/onnx/nets.ts';
import { bytesOf, tensorsOf } from '../../packages/interop/test/onnx/run.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npx tsx tools/interop/onnx-models.ts FOLDER');
mkdirSync(folder, { recursive: true });

const numbered = (kind: string, tensors: readonly Tensor[]): [string, Tensor][] =>
  tensors.map((x, i) => [`${kind}.${i}`, x.contiguous()]);

for (const [family, cases] of Object.entries({ ...families, examples, forwards })) {
  for (const [name, make] of Object.entries(cases)) {
    manualSeed(1);
    const of = make();
    const file = join(folder, `${family} - ${name}`);
    writeFileSync(`${file}.onnx`, bytesOf(of));
    of.model.eval();
    for (const batch of [2, 5]) {
      const given = of.inputs(batch);
      const result = noGrad(() => (of.model as unknown as (...x: unknown[]) => unknown)(...given));
      const tensors = [...numbered('input', tensorsOf(given)), ...numbered('output', tensorsOf(result))];
      writeFileSync(`${file}.${batch}.safetensors`, io.saveSafetensors(Object.fromEntries(tensors)));
    }
  }
}
