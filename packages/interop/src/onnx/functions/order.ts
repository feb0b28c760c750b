import { isFloatingPoint } from '@kindling/core';
import { type FunctionCall, type Value, valuesIn } from '../../recording/index.ts';
import { type Graph, isStatic, type Name, type Size } from '../graph.ts';
import { product } from '../lowering/lowering.ts';
import { cast } from '../lowering/reductions.ts';
import type { Scope } from '../translate.ts';
import { firstTensor, optionsOf } from './given.ts';
import type { FunctionLowering } from './index.ts';

/** Which dimension is meant. */
const dimOf = (call: FunctionCall, x: Value, otherwise: number): number => {
  const { dim } = call.given;
  const given = typeof dim === 'number' ? dim : (optionsOf(call).dim ?? otherwise);
  const d = typeof given === 'number' ? given : otherwise;
  return d < 0 ? d + x.shape.length : d;
};

/** The first `count` in order, and their places. */
function first(
  graph: Graph,
  x: Name,
  value: Value,
  dim: number,
  count: Size,
  largest: boolean,
): readonly [Name, Name] {
  const { dtype } = value;
  const wide = isFloatingPoint(dtype) ? x : cast(graph, x, dtype, 'int32');
  const [values = '', places = ''] = graph.addMany(
    'TopK',
    [wide, graph.size(count)],
    { axis: dim, largest: largest ? 1 : 0, sorted: 1 },
    2,
  );
  return [isFloatingPoint(dtype) ? values : cast(graph, values, 'int32', dtype), places];
}

const flag = (call: FunctionCall, name: string, otherwise: boolean): boolean => {
  const given = call.given[name] ?? optionsOf(call)[name];
  return typeof given === 'boolean' ? given : otherwise;
};

/** A function of a tensor that has dimensions, whose results are told apart by how many the call gave. */
const ordered =
  (
    write: (scope: Scope, call: FunctionCall, x: Value, dim: number) => readonly Name[] | null,
  ): FunctionLowering =>
  (call, scope) => {
    const x = firstTensor(call);
    if (x === null) return null;
    if (x.shape.length > 0) return write(scope, call, x, dimOf(call, x, -1));
    // A number is in order.
    const place = scope.graph.constant([0], [], 'int32');
    const all = [scope.read(x), place];
    return call.name === 'argsort' ? [place] : all.slice(0, valuesIn(call.result).length);
  };

const sorted = ordered((scope, call, x, dim) => {
  const [values, places] = first(
    scope.graph,
    scope.read(x),
    x,
    dim,
    x.shape[dim] ?? 1,
    flag(call, 'descending', false),
  );
  if (call.name === 'argsort') return [places];
  return valuesIn(call.result).length === 1 ? [values] : [values, places];
});

/** The one of number `k`, from 1 on, and its place. */
function kth(
  { graph, read }: Pick<Scope, 'graph' | 'read'>,
  x: Value,
  dim: number,
  k: number,
  keeps: boolean,
) {
  return first(graph, read(x), x, dim, k, false).map((all) => {
    const index = keeps ? graph.sizes([k - 1]) : graph.number(k - 1, 'int32');
    return graph.add('Gather', [all, index], { axis: dim });
  });
}

/** The lower one of the two in the middle; without a dimension of all elements. */
const median: FunctionLowering = (call, scope) => {
  const x = firstTensor(call);
  const given = call.given.dim ?? optionsOf(call).dim;
  if (x === null || !x.shape.every(isStatic)) return null;
  const { graph } = scope;
  if (typeof given !== 'number') {
    const count = product(x.shape);
    if (count === 0) return null;
    const flat = { ...x, shape: [count] };
    const read = (): Name => graph.add('Reshape', [scope.read(x), graph.sizes([-1])]);
    return kth({ graph, read }, flat, 0, Math.floor((count - 1) / 2) + 1, false).slice(0, 1);
  }
  const dim = dimOf(call, x, -1);
  const size = x.shape[dim] ?? 0;
  if (size === 0) return null;
  const reader = { graph, read: (value: Value) => scope.read(value) };
  return kth(reader, x, dim, Math.floor((size - 1) / 2) + 1, flag(call, 'keepdim', false));
};

export const order: Readonly<Record<string, FunctionLowering>> = {
  topk: ordered((scope, call, x, dim) => {
    const { k } = call.given;
    if (typeof k !== 'number') return null;
    return first(scope.graph, scope.read(x), x, dim, k, flag(call, 'largest', true));
  }),
  sort: sorted,
  argsort: sorted,
  kthvalue: ordered((scope, call, x, dim) => {
    const { k } = call.given;
    if (typeof k !== 'number') return null;
    const reader = { graph: scope.graph, read: (value: Value) => scope.read(value) };
    return kth(reader, x, dim, k, flag(call, 'keepdim', false));
  }),
  median,
};
