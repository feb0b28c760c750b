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
  /** When each is in use. */
  readonly lifetimes: readonly Lifetime[];
}

/** Kernels read a vector or two past the end of what is theirs. */
const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

const isLasting = ({ from, to }: Lifetime): boolean => from === 0 && to === Number.POSITIVE_INFINITY;

/**
 * Places memories whose lifetimes do not meet over one another: the largest first, each at the lowest place that is
 * free. What is `over` another memory, whose lifetime ends where its own begins, has the place of that.
 */
export function planMemory(lifetimes: readonly Lifetime[], over: ReadonlyMap<Area, Area> = new Map()): Plan {
  const places = new Map<Area, number>();
  const sizeOf = ({ memory }: Lifetime): number => aligned(Math.max(1, bytesOfMemory(memory)));
  const sized = joined(lifetimes, over).map((life) => ({ life, bytes: sizeOf(life) }));
  let total = 0;
  // What is always in use lies over nothing.
  for (const { life, bytes } of sized)
    if (isLasting(life)) {
      places.set(life.memory, total);
      total += bytes;
    }
  const first = total;
  /** In the order of their places, so that no life has to sort those that it meets. */
  const placed: { readonly life: Lifetime; readonly at: number; readonly end: number }[] = [];
  const passing = sized.filter(({ life }) => !isLasting(life)).sort((a, b) => b.bytes - a.bytes);
  for (const { life, bytes } of passing) {
    const { from, to } = life;
    let at = first;
    for (const other of placed) {
      if (other.life.from > to || from > other.life.to) continue;
      if (at + bytes <= other.at) break;
      at = Math.max(at, other.end);
    }
    const next = placed.findIndex((other) => other.at > at);
    placed.splice(next < 0 ? placed.length : next, 0, { life, at, end: at + bytes });
    places.set(life.memory, at);
    total = Math.max(total, at + bytes);
  }
  for (const { memory } of lifetimes) places.set(memory, places.get(undermost(memory, over)) ?? first);
  return { places, bytes: total, sum: lifetimes.reduce((sum, life) => sum + sizeOf(life), 0), lifetimes };
}

/** The memory in whose place another lies in the end. */
function undermost(memory: Area, over: ReadonlyMap<Area, Area>): Area {
  let under = memory;
  for (let next = over.get(under); next !== undefined; next = over.get(under)) under = next;
  return under;
}

/** The lifetimes of places: what lies over another memory prolongs that of it. */
function joined(lifetimes: readonly Lifetime[], over: ReadonlyMap<Area, Area>): Lifetime[] {
  const found = new Map<Area, Lifetime>();
  for (const life of lifetimes) {
    const memory = undermost(life.memory, over);
    const { from, to } = found.get(memory) ?? life;
    found.set(memory, { memory, from: Math.min(from, life.from), to: Math.max(to, life.to) });
  }
  return [...found.values()];
}
