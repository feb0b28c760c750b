import { composition } from '../arguments/composition.ts';
import { describe } from '../arguments/explain.ts';
import { K, refuseExcess, signature } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import { twisterDraws } from '../kernels/index.ts';
import { isBytes } from '../readable.ts';

const N = 624;
const M = 397;
const STATE_BYTES = 5056;
const TWO_64 = 1n << 64n;
const DEFAULT_SEED = 67280421310721n;
/** From so many draws on a kernel makes them. */
const manyDraws = 64;

/** Where each field of PyTorch's CPU state stands (little endian, the layout of its C++ structure). */
const FIELD = {
  seed: 0,
  left: 8,
  seeded: 12,
  next: 16,
  state: 24,
  doubleNormal: 5024,
  doubleNormalValid: 5040,
  floatNormal: 5048,
  floatNormalValid: 5052,
} as const;

const fillTakes = /* @__PURE__ */ signature('Generator.fill', {
  out: K.instanceOf(Int32Array, 'an Int32Array'),
  count: K.count,
});

const toNumberIfSafe = (value: bigint): number | bigint =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** A seed from the platform's entropy, 53 bits wide as PyTorch's. */
function entropySeed(): bigint {
  const [word = 0n] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
  return word & ((1n << 53n) - 1n);
}

function refuseSeed(given: unknown): never {
  const seed = describe(given);
  throw new ValueError(`Generator: takes no seed, got ${seed}; write new Generator().manualSeed(${seed})`);
}

function checkedSeed(seed: number | bigint): bigint {
  if (typeof seed !== 'bigint' && !Number.isInteger(seed)) {
    throw new ValueError(`manualSeed: the seed must be an integer, got ${describe(seed)}`);
  }
  const value = BigInt(seed);
  if (value < -(TWO_64 >> 1n) || value >= TWO_64) {
    throw new ValueError(`manualSeed: the seed must lie in [-2^63, 2^64), got ${value}`);
  }
  return value < 0n ? value + TWO_64 : value;
}

/** The bytes of a generator's state; `JSON.stringify` makes an object of a Uint8Array. */
export type GeneratorState = Uint8Array | readonly number[] | Readonly<Record<string, number>>;

function stateBytes(state: GeneratorState): Uint8Array {
  if (isBytes(state) && state.length === STATE_BYTES) return state;
  const values: unknown[] =
    K.isOptions(state) || K.isArray(state) || isBytes(state) ? Object.values(state) : [];
  if (values.length !== STATE_BYTES) {
    const what = values.length > 0 || isBytes(state) ? `${values.length} bytes` : typeof state;
    throw new ValueError(
      `Generator.setState: expected a generator state of ${STATE_BYTES} bytes, got ${what}`,
    );
  }
  for (const value of values) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) continue;
    throw new ValueError(`Generator.setState: a generator state holds bytes, got ${describe(value)}`);
  }
  return Uint8Array.from(values as number[]);
}

/**
 * Looks on as streams are kept, set back and begun anew, which a recorded call has to do again among its draws. The
 * states that it is shown are the arrays that callers are given and give.
 */
export interface GeneratorWatcher {
  kept(generator: Generator, state: Uint8Array): void;
  setBack(generator: Generator, state: GeneratorState): void;
  /** `how` names the beginning, seed included; `begin` does it again. */
  begun(generator: Generator, how: string, begin: () => void): void;
}

let watcher: GeneratorWatcher | null = null;

/** Produces the next words of the twister from the present ones. */
function renew(state: Int32Array): void {
  for (let j = 0; j < N - M; j++) twist(state, j, j + 1, j + M);
  for (let j = N - M; j < N - 1; j++) twist(state, j, j + 1, j + M - N);
  twist(state, N - 1, 0, M - 1);
}

function twist(state: Int32Array, at: number, next: number, far: number): void {
  const second = state[next] as number;
  const mixed = ((state[at] as number) & -0x80000000) | (second & 0x7fffffff);
  state[at] = (state[far] as number) ^ (mixed >>> 1) ^ (-(second & 1) & -0x66f74f21);
}

/** A word of the twister's state as the 32 bits that are given for it. */
function tempered(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & -0x62d3a980;
  y ^= (y << 15) & -0x103a0000;
  return y ^ (y >>> 18);
}

/** Replaces who looks on. */
export function watchGenerators(next: GeneratorWatcher | null): void {
  watcher = next;
}

/**
 * A source of random bits: the Mersenne Twister mt19937, bit for bit PyTorch's `torch.Generator` on the CPU.
 *
 * The same seed gives the same numbers in PyTorch, and {@link Generator.getState} gives the bytes that
 * `torch.get_rng_state()` gives, so a stream can move from either side to the other.
 * @throws ValueError for an argument: seeds are given to {@link Generator.manualSeed}
 * @example
 * ```ts
 * const generator = new Generator().manualSeed(0);
 * generator.random(); // 2357136044
 * rand(2, { generator: generator.manualSeed(0) }); // tensor([0.4963, 0.7682])
 * ```
 */
export class Generator {
  #state = new Int32Array(N);
  /** Outputs left before the state is renewed, counted as PyTorch counts (1 means none). */
  #left = 1;
  #next = 0;
  /** `null` until a stream from the platform's entropy is begun. */
  #seed: bigint | null = 0n;
  /** What a structured clone fails by, as one of a tensor does: it would be without the stream. */
  protected readonly uncloneable = Symbol('a generator; send getState(), for setState(state)');

  /** The second values of the last Box-Muller pairs: an object, so that a frozen generator goes on. @internal */
  readonly waiting: { double: number | null; float: number | null } = { double: null, float: null };

  /** Vue makes no Proxy of it in its reactive state: see that of Tensor. @internal */
  get __v_skip(): true {
    return true;
  }

  /** A generator with PyTorch's default seed, 67280421310721. */
  constructor() {
    if (arguments.length > 0) refuseSeed(arguments[0]);
    this.#beginWith(DEFAULT_SEED);
  }

  /**
   * A generator that is seeded from the platform's entropy when its stream is first asked for: Node loads its
   * cryptography for that, a tenth of what the import takes. @internal
   */
  static ofEntropy(): Generator {
    const generator = new Generator();
    generator.#seed = null;
    return generator;
  }

  /**
   * Starts the stream that belongs to `seed`, an integer in [-2^63, 2^64); a negative one counts modulo 2^64.
   * Follows `torch.Generator.manual_seed`. Returns the generator.
   * @throws ValueError where `seed` is no such integer
   */
  manualSeed(seed: number | bigint): this {
    this.#beginWith(checkedSeed(seed));
    return this;
  }

  /** Starts a stream from the platform's entropy and returns its seed. Follows `torch.Generator.seed`. */
  seed(): number {
    const begin = (): bigint => {
      this.#seed = null;
      return this.#begun();
    };
    const seed = begin();
    watcher?.begun(this, 'seed', begin);
    return Number(seed);
  }

  /** `Generator(seed=0)`, with the seed that the current stream began with. */
  toString(): string {
    return `Generator(seed=${this.#seed ?? 'not drawn yet'})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** The seed of the stream; a bigint where a number would lose digits. Follows `torch.Generator.initial_seed`. */
  initialSeed(): number | bigint {
    return toNumberIfSafe(this.#begun());
  }

  /** The next 32 random bits, as an unsigned integer. */
  random(): number {
    if (--this.#left === 0) this.#renew();
    return tempered(this.#state[this.#next++] as number) >>> 0;
  }

  /** The next `count` draws of 32 random bits, into an array: many times as fast as one after the other. @internal */
  fill(out: Int32Array, count: number): void {
    fillTakes(arguments);
    if (count < manyDraws) {
      for (let i = 0; i < count; i++) out[i] = this.random();
      return;
    }
    this.#begun();
    const ready = this.#left - 1;
    twisterDraws(this.#state, this.#next, ready, out, count);
    const beyond = count - ready;
    this.#next = beyond > 0 ? ((beyond - 1) % N) + 1 : this.#next + count;
    this.#left = beyond > 0 ? N + 1 - this.#next : this.#left - count;
  }

  /** The next 64 random bits, as an unsigned integer: the first draw is the high half. */
  random64(): bigint {
    const high = this.random();
    return (BigInt(high) << 32n) | BigInt(this.random());
  }

  /** A double in [0, 1) from 53 random bits of two draws. */
  uniformDouble(): number {
    const high = this.random() & 0x1fffff;
    return (high * 2 ** 32 + this.random()) * 2 ** -53;
  }

  /** A copy that goes on from the same place. Follows `torch.Generator.clone_state`. */
  clone(): Generator {
    return new Generator().setState(this.getState());
  }

  /** The whole state in PyTorch's layout, 5,056 bytes. Follows `torch.Generator.get_state`. */
  getState(): Uint8Array {
    const state = this.#bytes();
    watcher?.kept(this, state);
    return state;
  }

  #bytes(): Uint8Array {
    const bytes = new Uint8Array(STATE_BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(FIELD.seed, this.#begun(), true);
    view.setInt32(FIELD.left, this.#left, true);
    view.setInt32(FIELD.seeded, 1, true);
    view.setUint32(FIELD.next, this.#next, true);
    for (const [i, word] of this.#state.entries()) view.setInt32(FIELD.state + 8 * i, word, true);
    if (this.waiting.double !== null) {
      view.setFloat64(FIELD.doubleNormal, this.waiting.double, true);
      view.setInt32(FIELD.doubleNormalValid, 1, true);
    }
    if (this.waiting.float !== null) {
      view.setFloat32(FIELD.floatNormal, this.waiting.float, true);
      view.setUint8(FIELD.floatNormalValid, 1);
    }
    return bytes;
  }

  /** What `JSON.stringify` writes: the bytes of {@link Generator.getState}, which `setState` takes. Kindling's own. */
  toJSON(): number[] {
    return Array.from(this.#bytes());
  }

  /**
   * Takes up the state that {@link Generator.getState} or PyTorch's `get_state` returned, or what `JSON.parse` gives of
   * it or of a generator. Returns the generator. Follows `torch.Generator.set_state`.
   * @throws ValueError for bytes that are no such state; the generator is then unchanged
   * @example
   * ```ts
   * const generator = new Generator().manualSeed(1);
   * const text = JSON.stringify(generator);
   * const first = rand([2], { generator });
   * rand([2], { generator: generator.setState(JSON.parse(text)) }).eq(first); // tensor([True, True])
   * ```
   */
  setState(state: GeneratorState): this {
    const bytes = stateBytes(state);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const left = view.getInt32(FIELD.left, true);
    const next = view.getUint32(FIELD.next, true);
    if (view.getInt32(FIELD.seeded, true) !== 1 || left < 1 || left > N || next > N) {
      throw new ValueError('Generator.setState: invalid mt19937 state: these bytes are no generator state');
    }
    this.#seed = view.getBigUint64(FIELD.seed, true);
    this.#left = left;
    this.#next = next;
    for (let i = 0; i < N; i++) this.#state[i] = view.getInt32(FIELD.state + 8 * i, true);
    this.waiting.double =
      view.getInt32(FIELD.doubleNormalValid, true) !== 0 ? view.getFloat64(FIELD.doubleNormal, true) : null;
    this.waiting.float =
      view.getUint8(FIELD.floatNormalValid) !== 0 ? view.getFloat32(FIELD.floatNormal, true) : null;
    watcher?.setBack(this, state);
    return this;
  }

  #beginWith(seed: bigint): void {
    this.#reseed(seed);
    watcher?.begun(this, `seed ${seed}`, () => this.#reseed(seed));
  }

  /** The seed of the stream, begun where it was not. */
  #begun(): bigint {
    if (this.#seed !== null) return this.#seed;
    const seed = entropySeed();
    this.#reseed(seed);
    return seed;
  }

  #reseed(seed: bigint): void {
    const state = this.#state;
    let word = Number(seed & 0xffffffffn);
    for (let j = 0; j < N; j++) {
      state[j] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + j + 1) >>> 0;
    }
    this.#seed = seed;
    this.#left = 1;
    this.#next = 0;
    this.waiting.double = null;
    this.waiting.float = null;
  }

  #renew(): void {
    this.#begun();
    renew(this.#state);
    this.#left = N;
    this.#next = 0;
  }
}

/**
 * The generator that random operations draw from unless one is passed as `{ generator }`. It starts from the platform's
 * entropy, as PyTorch's does: call {@link manualSeed} for a stream that repeats.
 */
export const defaultGenerator: Generator = Generator.ofEntropy();

/**
 * Seeds the default generator, so that what follows repeats exactly, here and in PyTorch; returns that generator.
 * Follows `torch.manual_seed`.
 * @throws ValueError unless `seed` is an integer in [-2^63, 2^64)
 * @example
 * ```ts
 * manualSeed(0);
 * rand([2]); // tensor([0.4963, 0.7682])
 * ```
 */
export function manualSeed(seed: number | bigint): Generator {
  if (arguments.length > 1) refuseExcess('manualSeed', ['seed'], arguments);
  return defaultGenerator.manualSeed(seed);
}

/** Seeds the default generator from the platform's entropy and returns the seed. Follows `torch.seed`. */
export function seed(): number {
  if (arguments.length > 0) refuseExcess('seed', [], arguments);
  return defaultGenerator.seed();
}

/** The seed of the default generator's stream. Follows `torch.initial_seed`. */
export function initialSeed(): number | bigint {
  if (arguments.length > 0) refuseExcess('initialSeed', [], arguments);
  return defaultGenerator.initialSeed();
}

/** The default generator's state, 5,056 bytes. Follows `torch.get_rng_state`. */
export function getRngState(): Uint8Array {
  if (arguments.length > 0) refuseExcess('getRngState', [], arguments);
  return defaultGenerator.getState();
}

/**
 * Sets the default generator's state. Follows `torch.set_rng_state`.
 * @throws ValueError for bytes that are no generator state
 * @example
 * ```ts
 * const state = getRngState();
 * const first = rand(2);
 * setRngState(state);
 * rand(2).eq(first); // tensor([True, True])
 * ```
 */
export const setRngState = composition(
  'setRngState',
  { state: K.anything },
  (state: GeneratorState): void => {
    defaultGenerator.setState(state);
  },
);
