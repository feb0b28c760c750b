/** How large the scratch memory is, before other tests have made it larger. */
import { expect, test } from 'vitest';
import { crossEntropyRows } from '../../src/kernels/rows/index.ts';
import { logSoftmaxRowsBackward, softmaxRows } from '../../src/kernels/rows/softmax.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { ensureBytes, f32, f64, u8 } from '../../src/kernels/wasm/index.ts';

test('the scratch memory stays small, however long a row is', () => {
  const n = 2 ** 23;
  const x = stridedOver(new Float32Array(n).fill(2), 'float32', [1, n]);
  const out = new Float32Array(n);
  softmaxRows(x, 1, out);
  expect(out[n - 1]! * n).toBeCloseTo(1, 6);
  logSoftmaxRowsBackward(x, x, 1, out);
  const goal = { classes: Int32Array.of(5), onClass: 1, ignoreIndex: -100, weight: null, spread: null };
  expect(crossEntropyRows(x, 1, goal, 1, out)).toBeCloseTo(Math.log(n), 5);
  expect(u8.byteLength).toBeLessThan(32 * 2 ** 20);
});

test('the scratch memory grows and its views follow', () => {
  const bytes = u8.byteLength + 1;
  ensureBytes(bytes);
  expect(u8.byteLength).toBeGreaterThanOrEqual(bytes);
  expect(f32.buffer).toBe(u8.buffer);
  expect(f64.length * 8).toBe(u8.length);
});
