/** Has V8 compile kernels for vectors of 256 bits, which WebAssembly has no instructions for. */
import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { refuseExcess } from '../arguments/index.ts';
import {
  type Compiling,
  tryWideProducts,
  useWideAttention,
  useWideConvolutions,
  useWideModules,
  useWideRecurrence,
  type WideTrial,
} from '../kernels/index.ts';

/** What {@link useWideVectors} did. */
export interface WideVectors {
  /** Whether kernels use vectors of 256 bits from now on. */
  readonly enabled: boolean;
  /** How many times as fast a product of two 128 by 128 matrices is with them; `null` where it was not tried. */
  readonly speedup: number | null;
  /** What came of it, in words. */
  readonly reason: string;
}

/** V8 joins adjacent operations on 128 bits from here on; what Node 22 has of it makes products slower. */
const LEAST_NODE = 24;

/** V8's flag by which it joins operations. */
const joining = 'experimental-wasm-revectorize';

/**
 * V8's flags, each with its state while kernels are tried and with the one that it begins with. The last three have it
 * compile at once, by the compiler that joins operations: else a function has to be called many times first.
 */
const flags = [
  { name: joining, while: true, before: false },
  { name: 'wasm-inlining', while: false, before: true },
  { name: 'liftoff', while: false, before: true },
  { name: 'wasm-lazy-compilation', while: false, before: true },
];

const setFlag = (name: string, on: boolean): void => setFlagsFromString(`--${on ? '' : 'no-'}${name}`);

/** Whether flags may change: later there may be workers, and if they compile meanwhile V8 ends the process. */
let isTrying = false;

/**
 * While wide vectors are tried, calls `compile` under these flags; those that Node was started with stay as they are.
 */
function underFlags<T>(compile: () => T): T {
  if (!isTrying) return compile();
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  const ours = flags.filter(({ name }) => !given.includes(name));
  for (const flag of ours) setFlag(flag.name, flag.while);
  try {
    return compile();
  } finally {
    // In reverse: V8 must inline nothing as long as it compiles without the code that counts calls.
    for (const flag of ours.reverse()) setFlag(flag.name, flag.before);
  }
}

const text = 'a'.repeat(16);

/**
 * V8 leaves the upper halves of vector registers in use where its code ends, and then what is compiled for older
 * vectors, such as `Math.sin`, takes up to 30 times as long. What counts bytes ends by clearing them, in some
 * hundredths of a microsecond.
 */
const compileWide: Compiling = Object.assign(underFlags, { settle: () => void Buffer.byteLength(text) });

function whyNot(): string | null {
  const { node, deno, bun } = process.versions;
  if (deno !== undefined || bun !== undefined) return 'it takes Node, whose V8 has a flag for it';
  if (Number.parseInt(node, 10) < LEAST_NODE)
    return `it takes Node ${LEAST_NODE} or newer, and this is Node ${node}`;
  if (process.arch !== 'x64') return `it takes an x64 processor with AVX2, and this one is ${process.arch}`;
  return null;
}

function outcome({ same, speedup, used }: WideTrial, functionsToo: boolean): WideVectors {
  const factor = Math.round(speedup * 100) / 100;
  if (used) {
    const others = functionsToo
      ? ''
      : '; other kernels do not, as they gave other bits, which is a defect of this V8';
    return {
      enabled: true,
      speedup: factor,
      reason: `matrix products use vectors of 256 bits: ${factor} times as fast, with the same bits${others}`,
    };
  }
  return {
    enabled: false,
    speedup: factor,
    reason: same
      ? `vectors of 256 bits would make matrix products ${factor} times as fast here, which is not worth it`
      : 'vectors of 256 bits gave other bits here, which is a defect of this V8',
  };
}

function tryWide(): WideVectors {
  isTrying = true;
  try {
    const trial = tryWideProducts(compileWide, () => performance.now());
    if (!trial.used) return outcome(trial, false);
    useWideConvolutions(compileWide);
    useWideAttention(compileWide);
    useWideRecurrence(compileWide);
    const functionsToo = useWideModules(compileWide);
    if (functionsToo) setFlag(joining, true);
    return outcome(trial, functionsToo);
  } finally {
    isTrying = false;
  }
}

let known: WideVectors | null = null;

/**
 * Makes matrix products, and with them linear layers and convolutions, up to twice as fast, and so what is computed of
 * each element (`exp`, `tanh`, softmax, the gates of an LSTM): has Node use vectors of 256 bits. For x64 processors
 * with AVX2, and Node 24 or newer. Kindling's own.
 *
 * WebAssembly's vectors have 128 bits; V8 can join pairs of them, which is experimental, so nobody gets it without
 * asking. Products made so are compared with those before, bit by bit, and timed: unless they agree and are clearly
 * faster, all stays as it was, and the answer says why. Arithmetic and functions are compared too, and only if they
 * agree V8's flag stays on, for all WebAssembly that the process compiles from then on. That takes about a second,
 * once.
 *
 * Call it at the start of a program: before workers are started, as the flags hold for them too, before a step is
 * compiled and before kernels are used, as those that are there may keep the vectors that they were made for.
 * @returns what was done; it never throws where the engine cannot
 * @example
 * ```ts
 * // in a program: import { useWideVectors } from '@kindling/core/node';
 * const start = () => console.log(useWideVectors().reason);
 * ```
 */
export function useWideVectors(): WideVectors {
  if (arguments.length > 0) refuseExcess('useWideVectors', [], arguments);
  if (known === null) {
    const reason = whyNot();
    known = reason === null ? tryWide() : { enabled: false, speedup: null, reason };
  }
  return known;
}
