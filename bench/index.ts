import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { withBundles } from '../tools/bundled/index.ts';
import type { Suite } from './peers/cases.ts';
import { findPeers, label, type Peer, run } from './runners.ts';
import { type Found, printCases, printSteps, printUpdates } from './tables.ts';

const usage = `Times Kindling and its peers, each in a process of its own, in turns. Kindling runs as it is installed, each package one file.

Usage: pnpm bench [steps] [kernels] [convolutions] [poolings] [norms] [sequences] [losses] [optim] [options]

  --rounds N   turns of each peer; the times of all turns count together (default 3)
  --ms N       time for each case and turn, in milliseconds (default 400)
  --only A,B   peers to run, on every Node and number of threads they have: kindling, compiled, wide, compiled wide,
               pytorch, torch.compile, jax-js, tfjs wasm, tfjs cpu, brain.js (default: all of these), pytorch avx2
  --here       on this Node alone; else also on the newest one, which .ci/run names
  --help       this text

jax-js and TensorFlow.js take part in layers as far as they have them: jax-js has no loop for an LSTM, no padding but zeros for
max pools, and takes minutes for these convolutions, TensorFlow.js by wasm no gradients of convolutions. TensorFlow.js by JavaScript alone takes seconds a layer, and none in layers' suites.

A time is that which 5 % of the slices of 5 ms undercut. A step is forward, backward, update and loss.item(), on two batches
in turns, so that bringing a batch to where it is worked on counts. wide is useWideVectors(), on Node 24 and newer. A row for
two threads of Kindling appears once it has setNumThreads. torch.compile compiles the model with its loss, and needs a C++
compiler. brain.js makes a pass over the same samples by its own squared error, with an update after each sample.

An update is optimizer.step() alone, on twenty tensors that have their gradients, against the fastest of PyTorch's (a loop, foreach,
fused) and against the time that copying the bytes takes which it reads and writes. What PyTorch has not (Lion, Lamb, SAM, the schedule-free
ones) is written for it in its foreach operations. Adafactor and Muon have matrices, SAM is around SGD, without the closure's two calls, and a
step of LBFGS is 10 iterations down a quadratic function, with its closure (which is what the compiled one compiles).

pytorch avx2 is PyTorch kept to vectors of 256 bits, which are the widest that WebAssembly can be given: beside pytorch, on a processor with AVX-512
(--only "kindling,pytorch,pytorch avx2"), it tells what of a distance is the vectors'.

PyTorch is taken from $PYTHON, else from /usr/bin/python3, where that has torch. Memory is another script: pnpm bench:memory.`;

const titles: Record<Suite, string> = {
  steps: 'A training step',
  kernels: 'Kernels',
  convolutions: 'Convolutions',
  poolings: 'Pooling',
  norms: 'Normalisation',
  sequences: 'Layers of sequences',
  losses: 'Losses, forward and backward',
  optim: 'The update of an optimizer',
};

function choose(peers: readonly Peer[], only: string | undefined): readonly Peer[] {
  if (only === undefined) return peers.filter(({ onlyNamed }) => onlyNamed !== true);
  const wanted = only.split(',');
  const names = new Set(peers.map(({ name }) => name));
  const unknown = wanted.find((name) => !names.has(name));
  if (unknown !== undefined)
    throw new Error(`--only: no peer "${unknown}"; there are: ${[...names].join(', ')}`);
  return peers.filter(({ name }) => wanted.includes(name));
}

const load = (): string => loadavg()[0]!.toFixed(2);

function timeSuite(suite: Suite, peers: readonly Peer[], rounds: number, ms: number): Found {
  const found = new Map(peers.map((peer) => [peer, new Map<string, number[]>()]));
  const said = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const [peer, sofar] of found) {
      const { times, notes } = run(peer, suite, ms);
      for (const [name, slices] of Object.entries(times))
        sofar.set(name, [...(sofar.get(name) ?? []), ...slices]);
      for (const note of notes) said.add(`${label(peer)}: ${note}`);
    }
  }
  for (const text of said) console.log(text);
  return found;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    args: process.argv.slice(2).filter((a) => a !== '--'),
    options: {
      rounds: { type: 'string', default: '3' },
      ms: { type: 'string', default: '400' },
      only: { type: 'string' },
      here: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  const unknown = positionals.find((suite) => !Object.hasOwn(titles, suite));
  if (unknown !== undefined)
    throw new Error(`no suite "${unknown}"; there are: ${Object.keys(titles).join(', ')}`);
  const suites = (positionals.length > 0 ? positionals : Object.keys(titles)) as Suite[];
  const all = choose(findPeers(values.here), values.only);
  const processors = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 16)} UTC, ${processors.length} cores of ${processors[0]?.model}, load ${load()}`,
  );
  await withBundles(() => {
    for (const suite of suites) {
      const peers = all.filter((peer) => peer.command(suite) !== null);
      const found = timeSuite(suite, peers, Number(values.rounds), Number(values.ms));
      if (suite === 'steps') printSteps(peers, found);
      else if (suite === 'optim') printUpdates(peers, found);
      else printCases(titles[suite], peers, found);
    }
  });
  console.log(`load at the end ${load()}`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 2;
}
