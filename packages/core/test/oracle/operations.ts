/** Runs the entries of an operation fixture, in every form and layout that fits. */

import { Tensor } from '@kindling/core';
import type { Entry, Sample } from './fixture.ts';
import { type Arguments, checkSample, describeSample, report } from './run.ts';
import { argumentList, bindNames, camelCase } from './signature.ts';
import { notSupported, type Operation } from './table.ts';
import { type Layout, layouts } from './tensors.ts';

type Callable = (...args: unknown[]) => unknown;

/** How a call is written: `add(a, b)`, `a.add(b)` or `a.add_(b)`. */
export type Form = 'function' | 'method' | 'in place';

export const lookUp = (root: object, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);

export const kindlingName = (entry: Entry, operation: Operation): string =>
  operation.name ?? camelCase(entry.op.replace(/^nn\.functional\./, ''));

/** Kindling's positional arguments and options for PyTorch's. */
export function translate(operation: Operation, given: Arguments): unknown[] {
  const bound = bindNames(operation.accepts ?? operation.signature, given.args, given.kwargs);
  const list = argumentList(operation.signature, operation.adapt ? operation.adapt(bound) : bound);
  if (operation.spread) {
    const last = operation.signature.positional.length - 1;
    const elements = list[last];
    list.splice(last, 1, ...(Array.isArray(elements) ? elements : [elements]));
  }
  return list;
}

/** The samples that a table entry leaves out, with the reason. */
export function isOutside(entry: Entry, operation: Operation, sample: Sample): boolean {
  const rules = notSupported.filter((rule) => rule.op === entry.op);
  if (rules.length === 0) return false;
  const bound = bindNames(operation.accepts ?? operation.signature, sample.a, sample.k ?? {}) as Map<
    string,
    unknown
  >;
  return rules.some((rule) => rule.when(bound));
}

/** The call of an operation in one of its forms. */
export function caller(
  root: object,
  entry: Entry,
  operation: Operation,
  form: Form,
): (given: Arguments) => unknown {
  const name = kindlingName(entry, operation);
  const { result: seen = (result) => result } = operation;
  return (given) => {
    const list = translate(operation, given);
    if (form === 'function') {
      const fn = lookUp(root, name);
      if (typeof fn !== 'function') throw new Error(`Kindling has no function '${name}'`);
      return seen((fn as Callable)(...list));
    }
    const [receiver] = list.splice(operation.receiver ?? 0, 1);
    if (!(receiver instanceof Tensor)) throw new Error('the receiver is no tensor');
    const method = form === 'method' ? name : `${name}_`;
    const target = form === 'method' ? receiver : receiver.clone();
    const value = (target as unknown as Record<string, unknown>)[method];
    // mT and T are properties.
    if (typeof value !== 'function') {
      if (value instanceof Tensor) return value;
      throw new Error(`Tensor has no method '${method}'`);
    }
    const result = (value as Callable).apply(target, list);
    if (form === 'in place' && result !== target) throw new Error(`${method} does not return its tensor`);
    return seen(result);
  };
}

/** In place the result keeps the first operand's shape and dtype: only such samples can run so. */
function fitsInPlace(sample: Sample): boolean {
  const first = sample.a[0] as { dtype?: string; shape?: readonly number[] } | null;
  const out = sample.out as { dtype?: string; shape?: readonly number[] } | null;
  return (
    first?.dtype !== undefined && first.dtype === out?.dtype && first.shape?.join() === out?.shape?.join()
  );
}

export function formsOf(entry: Entry, operation: Operation, sample: Sample): Form[] {
  const forms: Form[] = operation.methodOnly ? [] : ['function'];
  const receiver = sample.a[operation.receiver ?? 0];
  if (entry.method && operation.receiver !== -1 && receiver !== null && typeof receiver === 'object')
    forms.push('method');
  const offered = entry.inPlace && `${kindlingName(entry, operation)}_` in Tensor.prototype;
  if ((operation.inPlace || offered) && forms.includes('method') && fitsInPlace(sample))
    forms.push('in place');
  return forms;
}

/** What of an entry differs from PyTorch, as a report; empty where all is well. */
export function failuresOf(
  entry: Entry,
  operation: Operation,
  root: object,
  functions: Record<string, unknown>,
): string {
  const options = {
    factor: operation.loose?.[0] ?? 1,
    eitherZero: operation.eitherZero ?? false,
    contraction: operation.contraction ?? false,
  };
  const failures: { sample: number; how: string; what: string; lines: string[] }[] = [];
  entry.samples.forEach((sample, number) => {
    if (isOutside(entry, operation, sample)) return;
    const forms = formsOf(entry, operation, sample);
    // The first form in every layout, the others in the plain one.
    const runs: [Form, Layout][] = layouts.map((layout) => [forms[0]!, layout]);
    for (const form of forms.slice(1)) runs.push([form, 'contiguous']);
    for (const [form, layout] of runs) {
      if (operation.ofLayout && layout === 'transposed') continue;
      if (operation.ofMemory && layout !== 'contiguous') continue;
      const lines = checkSample(sample, layout, caller(root, entry, operation, form), {
        ...options,
        functions,
      });
      if (lines.length > 0) {
        failures.push({ sample: number, how: `${form}, ${layout}`, what: describeSample(sample), lines });
      }
    }
  });
  return failures.length === 0 ? '' : report(`${entry.op} ${entry.dtype}`, failures);
}
