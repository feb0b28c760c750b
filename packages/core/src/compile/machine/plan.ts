/** Where the memory of a program lies: one stretch of bytes, whose parts serve several values one after the other. */
import type { Area } from '../../kernels/index.ts';
import { bytesOfMemory } from '../program.ts';

/** When a memory is in use: from step number `from` to number `to`. */
export interface Lifetime {
  readonly memory: Area;
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
