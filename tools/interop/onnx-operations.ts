/**
 * How many of the operations of core's fixtures can be exported, and whether onnxruntime computes what they do: counts,
 * what is refused and what differs.
 *
 *     npx tsx tools/interop/onnx-operations.ts [SAMPLES_OF_EACH]
 */
import { operations } from '../../packages/interop/test/onnx/operations.ts';
import { failuresOf } from '../../packages/interop/test/onnx/run.ts';

const found = { right: [] as string[], refused: [] as string[], differing: [] as string[] };
for (const { name, cases } of operations(Number(process.argv[2] ?? 4))) {
  const lines: string[] = [];
  const refusals: string[] = [];
  let ran = 0;
  for (const of of cases.filter((c) => c.inputs(0).length > 0)) {
    try {
      lines.push(...(await failuresOf(of, [0])));
      ran++;
    } catch (error) {
      const { name: kind, message } = error as Error;
      (kind === 'ExportError' ? refusals : lines).push(message.split('\n')[0] ?? '');
    }
  }
  if (lines.length > 0) found.differing.push(`${name}: ${lines[0]}`);
  else if (refusals.length > 0) found.refused.push(`${name}: ${refusals[0]}`);
  else if (ran > 0) found.right.push(name);
}
for (const [what, list] of Object.entries({ refused: found.refused, differing: found.differing }))
  console.log(`${what}:\n  ${list.join('\n  ')}`);
console.log(
  `${found.right.length} right, ${found.refused.length} refused, ${found.differing.length} differing`,
);
