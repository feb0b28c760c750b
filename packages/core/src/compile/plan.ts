/** Where the memory of a program lies: one stretch of bytes, whose parts serve several values one after the other. */
import type { Area } from '../kernels/index.ts';
import { bytesOfMemory, type Memory, type Program, rewritten } from './program.ts';

/** When a memory is in use: from equation number `from` to number `to`. */
export interface Lifetime<M extends Area = Area> {
  readonly memory: M;
  readonly from: number;
  readonly to: number;
}

/** Where memories lie. */
export interface Plan {
  /** The first byte of each memory that the program has of its own. */
  readonly places: ReadonlyMap<Area, number>;
  /** How many bytes all of them take. */
  readonly bytes: number;
  /** How many they would take side by side. */
  readonly sum: number;
}

/** Kernels read a vector or two past the end of what is theirs. */
const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** When each memory of the program's own is in use. What a call leaves behind, and constants, is in use to the end and for ever. */
export function lifetimesOf(program: Program): Lifetime<Memory>[] {
  const { memories, equations, results, gradients } = program;
  const first = new Map<Memory, number>();
  const last = new Map<Memory, number>();
  equations.forEach(({ inputs, outputs }, i) => {
    for (const { memory } of [...inputs, ...outputs]) {
      if (!first.has(memory)) first.set(memory, i);
      last.set(memory, i);
    }
  });
  const changed = rewritten(program);
  const end = equations.length;
  for (const { memory } of results) last.set(memory, end);
  const lasting = new Set(gradients.flatMap(({ value }) => value?.memory ?? []));
  return memories.flatMap((memory) => {
    const { kind } = memory.origin;
    if (kind === 'state' || kind === 'gradient') return [];
    if (lasting.has(memory) || (kind === 'constant' && !changed.has(memory)))
      return [{ memory, from: 0, to: Number.POSITIVE_INFINITY }];
    // What the call is given is there from its beginning on, and so are elements that each call begins with.
    const from = kind === 'local' ? (first.get(memory) ?? 0) : 0;
    const to = kind === 'argument' && changed.has(memory) ? end : (last.get(memory) ?? 0);
    return [{ memory, from, to }];
  });
}

/** Places memories whose lifetimes do not meet over one another: the largest first, each at the lowest place that is free. */
export function planMemory(lifetimes: readonly Lifetime[]): Plan {
  const places = new Map<Area, number>();
  const placed: { readonly life: Lifetime; readonly at: number; readonly bytes: number }[] = [];
  const sized = lifetimes.map((life) => ({ life, bytes: aligned(Math.max(1, bytesOfMemory(life.memory))) }));
  let total = 0;
  for (const { life, bytes } of sized.sort((a, b) => b.bytes - a.bytes)) {
    const beside = placed
      .filter((other) => other.life.from <= life.to && life.from <= other.life.to)
      .sort((a, b) => a.at - b.at);
    let at = 0;
    for (const other of beside) {
      if (at + bytes <= other.at) break;
      at = Math.max(at, other.at + other.bytes);
    }
    places.set(life.memory, at);
    placed.push({ life, at, bytes });
    total = Math.max(total, at + bytes);
  }
  return { places, bytes: total, sum: sized.reduce((sum, { bytes }) => sum + bytes, 0) };
}
