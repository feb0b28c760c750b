/** Files that PyTorch wrote, and what they hold: tools/interop/torch_fixtures.py. */
import { readdirSync, readFileSync } from 'node:fs';
import { noGrad, Tensor, valuesOf } from '@kindling/core';
import { Parameter } from '@kindling/nn';
import { expect } from 'vitest';

const folder = new URL('../fixtures/', import.meta.url);

export const names = readdirSync(folder);
export const urlOf = (name: string): URL => new URL(name, folder);
export const bytesOf = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(urlOf(name)));
export const valueOf = (name: string): unknown => JSON.parse(readFileSync(urlOf(`${name}.json`), 'utf8'));

/** How dtypes of PyTorch are read. */
const readAs = (dtype: string): string => {
  const name = dtype.replace('torch.', '');
  if (['float32', 'float64', 'uint8', 'bool'].includes(name)) return name;
  return /float/.test(name) ? 'float32' : 'int32';
};

/** The elements of a tensor in row-major order. */
export const elements = (x: Tensor): number[] => noGrad(() => [...valuesOf(x.detach(), 'test')]);

interface RecordedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly grad: boolean;
}

function checkTensor(
  actual: unknown,
  values: readonly unknown[],
  recorded: RecordedTensor,
  path: string,
): void {
  expect(actual, path).toBeInstanceOf(Tensor);
  const x = actual as Tensor;
  expect({ dtype: x.dtype, shape: x.shape, grad: x.requiresGrad }, path).toEqual({
    ...recorded,
    dtype: readAs(recorded.dtype),
  });
  const expected = values.map((v) =>
    v === 'nan' ? Number.NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v,
  );
  expect(elements(x), path).toEqual(expected);
}

const keyText = (key: unknown): string => `${typeof key} ${JSON.stringify(key)}`;

/** A dict: an object, whose keys say no more than texts do, or a Map. */
function checkDict(actual: unknown, pairs: readonly (readonly [unknown, unknown])[], path: string): void {
  const isMap = actual instanceof Map;
  const entries: [unknown, unknown][] = isMap ? [...actual] : Object.entries(actual as object);
  const textOf = (key: unknown): string => (isMap ? keyText(key) : String(key));
  expect(entries.map(([key]) => textOf(key)).sort(), path).toEqual(pairs.map(([key]) => textOf(key)).sort());
  const found = new Map(entries.map(([key, value]) => [textOf(key), value]));
  for (const [key, value] of pairs) check(found.get(textOf(key)), value, `${path}[${textOf(key)}]`);
}

/** Holds a value against what the script recorded of it. */
export function check(actual: unknown, expected: unknown, path = 'value'): void {
  if (Array.isArray(expected)) {
    expect(actual, path).toBeInstanceOf(Array);
    expect((actual as unknown[]).length, path).toBe(expected.length);
    for (const [i, item] of expected.entries()) check((actual as unknown[])[i], item, `${path}[${i}]`);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(actual, path).toEqual(expected);
    return;
  }
  const recorded = expected as Record<string, never>;
  if (recorded.dict !== undefined) checkDict(actual, recorded.dict, path);
  else if (recorded.set !== undefined) expect(actual, path).toEqual(new Set(recorded.set as unknown[]));
  else if (recorded.bytes !== undefined)
    expect(actual, path).toEqual(Uint8Array.from(recorded.bytes as number[]));
  else if (recorded.int !== undefined) expect(actual, path).toBe(BigInt(recorded.int));
  else if (recorded.float !== undefined)
    expect(actual, path).toBe(
      { inf: Infinity, '-inf': -Infinity, nan: Number.NaN }[recorded.float as string],
    );
  else {
    const { tensor, parameter, ...rest } = recorded as { tensor?: unknown[]; parameter?: unknown[] };
    expect(actual instanceof Parameter, path).toBe(parameter !== undefined);
    checkTensor(actual, tensor ?? parameter ?? [], rest as unknown as RecordedTensor, path);
  }
}
