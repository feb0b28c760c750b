import { bytesOf, type DType, type TypedArray } from '../dtype.ts';
import type { Rerun } from '../record/observe.ts';
import type { Shape } from '../shape.ts';
import type { Storage } from '../storage.ts';
import type { LeafPlace } from './guards.ts';

/** A tensor among the arguments of a call, and which element of its memory it begins with. */
export interface Argument {
  readonly index: number;
  readonly at: number;
  /** The sizes of its dimensions. */
  readonly shape: Shape;
  /** Distance, in elements, between neighbours along each dimension. */
  readonly strides: readonly number[];
}

export const argumentOf = (
  { shape, strides }: Pick<Argument, 'shape' | 'strides'>,
  index: number,
  at: number,
): Argument => ({ index, at, shape, strides });

/** Where the memory of a value comes from. */
export type Origin =
  /** What the call is given: the memory of these of the tensors among its arguments. */
  | { readonly kind: 'argument'; readonly members: readonly [Argument, ...Argument[]] }
  /**
   * What lived before the call and stays: parameters, buffers, the state of optimizers, tensors of the closure; `given`
   * where arguments are that too.
   */
  | { readonly kind: 'state'; readonly storage: Storage; readonly given?: readonly Argument[] }
  /** The gradient that a leaf has when the call begins. */
  | { readonly kind: 'gradient'; readonly leaf: LeafPlace }
  /** Made in the call from no tensor: each call begins with these elements. */
  | { readonly kind: 'constant'; readonly elements: TypedArray }
  /** Written by the equations before it is read. */
  | { readonly kind: 'local' };

/** A stretch of memory, which values of one dtype lie in. */
export interface Memory {
  /** Its number in the program. */
  readonly id: number;
  /** The type of its elements. */
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
  /** The offset, in the memory that was recorded, of what stands for it in a call. */
  base: number;
  /** Where it comes from. */
  origin: Origin;
  /** What it is called: '0.weight'. */
  name: string | null;
}

/** What an equation reads or gives: how it lies in memory, and after how many changes of that memory. */
export interface Value {
  /** Its number in the program. */
  readonly id: number;
  /** What it lies in. */
  readonly memory: Memory;
  /** The type of its elements. */
  readonly dtype: DType;
  /** The sizes of its dimensions. */
  readonly shape: Shape;
  /** Distance, in elements, between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** Index of its first element. */
  readonly offset: number;
  /** Whether the elements lie in row-major order without gaps. */
  readonly dense: boolean;
  /** How often the memory was written before. */
  readonly version: number;
}

/** What a host part gives, or one item of a list that it gives. */
export interface HostValue {
  readonly part: number;
  readonly item: number | null;
}

/** What a host value is, given what the host parts gave. */
export const hostValueIn = (found: readonly unknown[], { part, item }: HostValue): unknown =>
  item === null ? found[part] : (found[part] as readonly unknown[])[item];

/** The name of the equations that see to it that what decided what the call does is as it was. */
export const decision = 'decides';

/** What happens in the call, in order. */
export interface Equation {
  /** The operation's name, PyTorch's. */
  readonly name: string;
  /** What it reads. */
  readonly inputs: readonly Value[];
  /** What is not a tensor: the operation's attributes. */
  readonly attrs: unknown;
  /** What gives the attributes anew in each call; `null` where they stay. */
  readonly host: HostValue | null;
  /** What it gives, or has changed. */
  readonly outputs: readonly Value[];
  /** Does it, on other tensors; `null` for views, which are only another way to see memory. */
  readonly rerun: Rerun | null;
  /** Where in the user's code it was called, as far as is known. */
  readonly line: string | null;
}

/** What is run on the host, between equations. */
export interface HostPart {
  /** Does it. */
  readonly run: () => unknown;
  /** How many equations come before it. */
  readonly at: number;
}

/** A gradient as the call leaves it. */
export interface GradientLeft {
  /** Whose it is. */
  readonly leaf: LeafPlace;
  /** `null`: the leaf has no gradient then. */
  readonly value: Value | null;
}

/** A call as it was recorded: a list of equations over values, in static single assignment. */
export interface Program {
  /** All memory that equations read or write. */
  readonly memories: readonly Memory[];
  /** What happens on tensors, in order. */
  readonly equations: readonly Equation[];
  /** What happens on the host. */
  readonly hostParts: readonly HostPart[];
  /** The tensors among the results, in order. */
  readonly results: readonly Value[];
  /** Which gradients leaves have afterwards, where they are others than before. */
  readonly gradients: readonly GradientLeft[];
  /** The program as plain data: what `JSON.stringify` writes. */
  toJSON(): unknown;
}

/** The memories that equations change after they held something. */
export const rewritten = ({ equations }: Pick<Program, 'equations'>): ReadonlySet<Memory> =>
  new Set(
    equations.flatMap(({ inputs, outputs }) =>
      outputs.flatMap(({ memory }) => (inputs.some((x) => x.memory === memory) ? [memory] : [])),
    ),
  );

/** How many bytes a memory takes. */
export const bytesOfMemory = ({ dtype, length }: Pick<Memory, 'dtype' | 'length'>): number =>
  length * bytesOf(dtype);
