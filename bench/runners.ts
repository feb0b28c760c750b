import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as core from '@kindling/core';
import { onBundles } from '../tools/bundled/on-bundles.ts';
import {
  convolutions,
  lenet,
  lossShapes,
  matmulSizes,
  nets,
  normGroups,
  norms,
  optimizers,
  poolings,
  type Suite,
  sequences,
  type Times,
  updateMatrices,
  updateSizes,
  updates,
  updateTensors,
} from './peers/cases.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A library, by one of its ways to run, on a runtime, with a number of threads. */
export interface Peer {
  /** What `--only` calls it. */
  readonly name: string;
  /** What runs it: `Node 20.20.2`. */
  readonly runtime: string;
  readonly threads: number;
  /** What its environment has besides. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it runs only where `--only` names it. */
  readonly onlyNamed?: boolean;
  /** The program and its arguments; `null` where it does not take part. */
  command(suite: Suite): readonly [string, ...string[]] | null;
}

/** What a label of a column calls it. */
export const label = ({ name, runtime, threads }: Peer): string =>
  `${name}, ${runtime.split('.')[0]}${threads === 1 ? '' : `, ${threads} threads`}`;

interface Runtime {
  readonly program: string;
  readonly version: string;
}

const version = (program: string, ...args: string[]): string | null => {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
};

const thisNode: Runtime = { program: process.execPath, version: process.versions.node };
const major = ({ version }: Runtime): number => Number.parseInt(version, 10);

/** The Node that `.ci/run` runs the tests on besides this one; fetched where it is not here yet. */
function newestNode(): Runtime | null {
  const wanted = /^newest_node=(\S+)/m.exec(readFileSync(here('../.ci/run'), 'utf8'))?.[1];
  if (wanted === undefined || wanted === thisNode.version) return null;
  const program = version(
    'npx',
    '--yes',
    '--package',
    `node@${wanted}`,
    '--',
    'node',
    '-p',
    'process.execPath',
  );
  if (program === null) console.log(`Node ${wanted} could not be fetched: only this Node takes part.`);
  return program === null ? null : { program, version: wanted };
}

function python(): Runtime | null {
  const candidates = [process.env.PYTHON, '/usr/bin/python3', 'python3'].filter((p) => p !== undefined);
  for (const program of candidates) {
    const found = version(program, '-c', 'import torch; print(torch.__version__)');
    if (found !== null) return { program, version: found };
  }
  console.log('PyTorch is not here: no Python with torch was found; $PYTHON names another one.');
  return null;
}

/** What every peer can do, and those that have layers. */
const plainSuites: readonly Suite[] = ['steps', 'kernels', 'losses'];
const everySuite: readonly Suite[] = [...plainSuites, 'convolutions', 'poolings', 'norms', 'sequences'];
const ownSuites: readonly Suite[] = [...everySuite, 'optim'];

function onNode(
  { program, version }: Runtime,
  name: string,
  [file, ...args]: readonly [string, ...string[]],
  { threads = 1, suites = everySuite }: { threads?: number; suites?: readonly Suite[] } = {},
): Peer {
  const command = (suite: Suite) => [program, ...onBundles, here(`peers/${file}`), suite, ...args] as const;
  return {
    name,
    runtime: `Node ${version}`,
    threads,
    command: (suite) => (suites.includes(suite) ? command(suite) : null),
  };
}

/** Kindling's own ways to run on a Node: vectors become wide from Node 24 on. */
function kindling(node: Runtime): Peer[] {
  const compiled = ['steps', 'convolutions', 'poolings', 'norms', 'sequences', 'losses', 'optim'] as const;
  const wide = major(node) >= 24;
  return [
    onNode(node, 'kindling', ['kindling.ts'], { suites: ownSuites }),
    onNode(node, 'compiled', ['kindling.ts', 'compiled'], { suites: compiled }),
    ...(wide
      ? [
          onNode(node, 'wide', ['kindling.ts', 'wide'], { suites: ownSuites }),
          onNode(node, 'compiled wide', ['kindling.ts', 'compiled', 'wide'], { suites: compiled }),
        ]
      : []),
    ...('setNumThreads' in core
      ? [
          onNode(
            node,
            wide ? 'compiled wide' : 'compiled',
            ['kindling.ts', 'compiled', ...(wide ? ['wide'] : [])],
            { threads: 2, suites: ['steps'] },
          ),
        ]
      : []),
  ];
}

/** Keeps PyTorch, MKL and oneDNN to vectors of 256 bits, which are the widest that WebAssembly can be given. */
const avx2 = {
  ATEN_CPU_CAPABILITY: 'avx2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
};

function pytorch({ program, version }: Runtime): Peer[] {
  const cases = JSON.stringify({
    nets,
    optimizers,
    matmulSizes,
    convolutions,
    lenet,
    poolings,
    norms,
    normGroups,
    sequences,
    lossShapes,
    updates,
    updateSizes,
    updateMatrices,
    updateTensors,
  });
  const peer = (name: string, threads: number, suites: readonly Suite[], ...args: string[]): Peer => ({
    name,
    runtime: `PyTorch ${version}`,
    threads,
    command: (suite) =>
      suites.includes(suite) ? [program, here('peers/pytorch.py'), suite, cases, ...args] : null,
  });
  const narrow = (threads: number, suites: readonly Suite[]): Peer => ({
    ...peer('pytorch avx2', threads, suites),
    environment: avx2,
    onlyNamed: true,
  });
  return [
    peer('pytorch', 1, ownSuites),
    peer('pytorch', 2, ['steps']),
    narrow(1, ownSuites),
    narrow(2, ['steps']),
    peer('torch.compile', 1, ['steps'], 'compile'),
    peer('torch.compile', 2, ['steps'], 'compile'),
  ];
}

/** All that can run here; with `onlyHere` on the Node that runs this alone. */
export function findPeers(onlyHere: boolean): Peer[] {
  const newest = onlyHere ? null : newestNode();
  const torch = python();
  return [
    ...kindling(thisNode),
    ...(newest === null ? [] : kindling(newest)),
    ...(torch === null ? [] : pytorch(torch)),
    onNode(thisNode, 'jax-js', ['jaxjs.ts'], { suites: [...plainSuites, 'poolings', 'norms', 'sequences'] }),
    onNode(thisNode, 'tfjs wasm', ['tfjs.ts', 'wasm']),
    onNode(thisNode, 'tfjs cpu', ['tfjs.ts', 'cpu'], { suites: plainSuites }),
    onNode(thisNode, 'brain.js', ['brainjs.ts'], { suites: ['steps'] }),
  ];
}

/** Runs a peer's script once; gives its times, and what it says on the way. */
export function run(peer: Peer, suite: Suite, ms: number): { times: Times; notes: string[] } {
  const command = peer.command(suite);
  if (command === null) return { times: {}, notes: [] };
  const [program, ...args] = command;
  const threads = String(peer.threads);
  const { stdout, stderr, status } = spawnSync(program, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      ...peer.environment,
      BENCH_MS: String(ms),
      BENCH_THREADS: threads,
      OMP_NUM_THREADS: threads,
    },
    cwd: existsSync(here('node_modules')) ? here('.') : process.cwd(),
    maxBuffer: 2 ** 26,
  });
  const lines = stdout.split('\n');
  const line = lines.findLast((l) => l.startsWith('BENCH '));
  const notes = lines.filter((l) => l.startsWith('NOTE ')).map((l) => l.slice(5));
  // The others' times are worth having.
  if (line === undefined)
    return {
      times: {},
      notes: [...notes, `ended with ${status} and gave no times:\n${stderr.slice(-2000)}`],
    };
  return { times: JSON.parse(line.slice(6)) as Times, notes };
}
