/** Functions, losses, layers, initialisation and printed form against PyTorch; see tools/oracle. */

import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { type DType, manualSeed, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { mismatch, type Plain, type Strictness } from '../../core/test/oracle/compare.ts';
import { sharedDraws } from '../../core/test/oracle/draws.ts';
import { type Entry, fixturesIn, Recorded, readFixture, type Value } from '../../core/test/oracle/fixture.ts';
import { describeSample, report } from '../../core/test/oracle/run.ts';
import { camelCase, optionsOf } from '../../core/test/oracle/signature.ts';
import { operationSuite } from '../../core/test/oracle/suite.ts';
import { layouts, plain, toTensor } from '../../core/test/oracle/tensors.ts';
import { checkFunction, checkModule, construct, functions, stateEntries } from './oracle/modules.ts';
import { nets } from './oracle/nets.ts';
import { functionalOperation } from './oracle/table.ts';

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

for (const name of fixturesIn(fixture(''), 'functional'))
  operationSuite(name, fixture(name), { root: nn.functional, functions, find: functionalOperation });

for (const name of [
  'losses',
  'loss-edges',
  ...['criteria-', 'modules'].flatMap((of) => fixturesIn(fixture(''), of)),
]) {
  const { entries, torch } = readFixture<Entry>(fixture(name));
  describe(`${name} (PyTorch ${torch})`, () => {
    for (const entry of entries) {
      it(`${entry.op}${entry.variant && `[${entry.variant}]`} ${entry.dtype}`, () => {
        const check = entry.op.startsWith('nn.functional.') ? checkFunction : checkModule;
        const failures = entry.samples.flatMap((sample, number) =>
          layouts.flatMap((layout) => {
            const lines = check(entry, sample, layout);
            return lines.length > 0
              ? [{ sample: number, how: layout, what: describeSample(sample), lines }]
              : [];
          }),
        );
        expect(failures.length === 0 ? '' : report(`${entry.op} ${entry.dtype}`, failures)).toBe('');
      });
    }
  });
}

it.each(['functional', 'losses', 'modules'])(
  'draws the samples of each of %s from a seed of its own',
  (name) => {
    expect(sharedDraws(readFixture<Entry>(fixture(name)).entries)).toEqual([]);
  },
);

/** The first values and a hash stand for a large tensor. */
interface Summary {
  readonly shape: readonly number[];
  readonly head: Recorded;
  readonly sha256: string;
}

interface Initialised {
  readonly op: string;
  readonly seed: number;
  readonly dtype?: DType;
  readonly shape?: readonly number[];
  readonly a: readonly Value[];
  readonly k?: Readonly<Record<string, Value>>;
  readonly state?: Readonly<Record<string, Recorded | Summary>>;
  readonly out?: Recorded | Summary | number;
}

function differs(
  what: string,
  actual: Tensor,
  expected: Recorded | Summary,
  strictness: Strictness = {},
): string[] {
  const numbers = plain(actual);
  if (expected instanceof Recorded) return [mismatch(what, numbers, expected, strictness) ?? []].flat();
  const data = actual.detach().contiguous().data;
  const head: Plain = {
    ...numbers,
    shape: expected.head.shape,
    array: [...data.slice(0, expected.head.array.length)],
  };
  const lines = [mismatch(`${what} (head)`, head, expected.head, strictness) ?? []].flat();
  const hash = createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
  if (hash !== expected.sha256) lines.push(`${what}: the bytes differ from PyTorch's`);
  return lines;
}

describe('initialisation', () => {
  for (const entry of readFixture<Initialised>(fixture('initialisation')).entries) {
    const options = entry.k ?? {};
    const args = entry.a.map((v) => (v === null ? undefined : v));
    const label = `${entry.op}(${JSON.stringify([entry.shape ?? [], ...args, options])}) ${entry.dtype ?? ''} seed ${entry.seed}`;
    it(label, () => {
      const name = camelCase(entry.op.replace(/^nn\.(init\.)?/, ''));
      if (!entry.op.startsWith('nn.init.')) {
        manualSeed(entry.seed);
        const state = stateEntries(construct(entry.op, args, options).stateDict());
        expect(state.map(([key]) => key)).toEqual(Object.keys(entry.state!));
        const lines = state.flatMap(([key, value]) => differs(key, value, entry.state![key]!));
        expect(lines).toEqual([]);
        return;
      }
      const fn = (nn.init as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      if (typeof fn !== 'function') throw new Error(`nn.init has no '${name}'`);
      if (typeof entry.out === 'number') {
        const given = args.filter((v) => v !== undefined);
        const [nonlinearity, parameter] = given;
        expect(fn(nonlinearity, ...(parameter === undefined ? [] : [{ param: parameter }]))).toBeCloseTo(
          entry.out,
          12,
        );
        return;
      }
      manualSeed(entry.seed);
      const count = entry.shape!.reduce((n, size) => n * size, 1);
      const values = entry.dtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
      const target = toTensor(new Recorded(entry.dtype!, entry.shape!, values.fill(7), false));
      const given = optionsOf(Object.entries(options));
      const result = fn(target, ...args, ...(Object.keys(given).length > 0 ? [given] : []));
      expect(result).toBe(target);
      expect(differs(name, target, entry.out as Recorded | Summary)).toEqual([]);
    });
  }
});

interface Structure {
  readonly op: string;
  readonly printed: string;
  readonly stateKeys: readonly string[];
  readonly stateShapes: readonly (readonly number[])[];
  readonly parameters: readonly string[];
  readonly buffers: readonly string[];
  readonly modules: readonly string[];
  readonly children: readonly string[];
}

type Names = () => Iterable<readonly [string, unknown]>;

describe('structure', () => {
  for (const entry of readFixture<Structure>(fixture('structures')).entries) {
    it(entry.op, () => {
      const net = nets[entry.op]!() as Record<
        'namedParameters' | 'namedBuffers' | 'namedModules' | 'namedChildren',
        Names
      > & {
        stateDict(): unknown;
      };
      expect(String(net)).toBe(entry.printed);
      expect(inspect(net)).toBe(entry.printed);
      const state = stateEntries(net.stateDict());
      expect(state.map(([key]) => key)).toEqual(entry.stateKeys);
      expect(state.map(([, value]) => [...value.shape])).toEqual(entry.stateShapes);
      const names = (list: Iterable<readonly [string, unknown]>): string[] => [...list].map(([name]) => name);
      expect(names(net.namedParameters())).toEqual(entry.parameters);
      expect(names(net.namedBuffers())).toEqual(entry.buffers);
      expect(names(net.namedModules())).toEqual(entry.modules);
      expect(names(net.namedChildren())).toEqual(entry.children);
    });
  }
});
