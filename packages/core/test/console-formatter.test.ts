import { afterEach, beforeEach, expect, it } from 'vitest';
import { installConsoleFormatter, Tensor, tensor } from '../src/index.ts';

interface Formatter {
  header(value: unknown, config?: unknown): unknown[] | null;
  hasBody(value: unknown): boolean;
  body(value: unknown): [string, object, [string, { object: unknown; config: unknown }]];
}

const page = globalThis as { devtoolsFormatters?: Formatter[] };
const others: Formatter = {
  header: () => null,
  hasBody: () => false,
  body: () => ['div', {}, ['object', { object: 0, config: 0 }]],
};

beforeEach(() => {
  page.devtoolsFormatters = [others];
  installConsoleFormatter();
});
afterEach(() => delete page.devtoolsFormatters);

const installed = (): Formatter => page.devtoolsFormatters!.at(-1)!;

it('shows a tensor as it prints', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(installed().header(x)?.at(-1)).toBe(String(x));
});

it('opening a tensor shows the object itself, not its text again', () => {
  const x = tensor([1]);
  expect(installed().hasBody(x)).toBe(true);
  const [, , [tag, { object, config }]] = installed().body(x);
  expect(tag).toBe('object');
  expect(object).toBe(x);
  expect(installed().header(object, config)).toBeNull();
});

it('leaves what says nothing of itself to the console, a prototype too', () => {
  for (const value of [1, 'text', null, undefined, [1, 2], { a: 1 }, Tensor.prototype, Symbol('s'), () => 1])
    expect(installed().header(value)).toBeNull();
});

it('stands beside the formatters of others, once', () => {
  installConsoleFormatter();
  expect(page.devtoolsFormatters).toEqual([others, installed()]);
  delete page.devtoolsFormatters;
  installConsoleFormatter();
  expect(page.devtoolsFormatters).toHaveLength(1);
});
