import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Table } from 'console-table-printer';
import { lossShapes, matmulSizes, nets, optimizers, type Suite, type Times } from './peers/cases.ts';

const usage = `Times Kindling and its peers, each in a process of its own, in turns.

Usage: pnpm bench [steps] [kernels] [losses] [options]

  --rounds N   turns of each peer; the least time of a case counts (default 2)
  --ms N       time for each case and turn, in milliseconds (default 400)
  --only A,B   peers to run (default: kindling,compiled,pytorch,jax-js,tfjs wasm,tfjs cpu; on Node 24 and newer
               wide and compiled wide too: with useWideVectors)
  --help       this text

PyTorch is taken from $PYTHON, else from /usr/bin/python3, where that has torch; it runs on one thread.
The memory of a long training loop is another script: pnpm bench:memory.`;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Peer {
  readonly name: string;
  command(suite: Suite): readonly [string, ...string[]];
}

const script = (name: string, file: string, ...args: string[]): Peer => ({
  name,
  command: (suite) => [process.execPath, '--import', 'tsx', here(`peers/${file}`), suite, ...args],
});

function findPython(): string | null {
  const candidates = [process.env.PYTHON, '/usr/bin/python3', 'python3'].filter((p) => p !== undefined);
  return candidates.find((python) => spawnSync(python, ['-c', 'import torch']).status === 0) ?? null;
}

function peersToRun(only: string | undefined): Peer[] {
  const python = findPython();
  if (python === null) console.log('PyTorch is not here: no Python with torch was found.');
  const cases = JSON.stringify({ nets, optimizers, matmulSizes, lossShapes });
  const all: Peer[] = [
    script('kindling', 'kindling.ts'),
    script('compiled', 'kindling.ts', 'compiled'),
    ...(Number.parseInt(process.versions.node, 10) < 24
      ? []
      : [script('wide', 'kindling.ts', 'wide'), script('compiled wide', 'kindling.ts', 'compiled', 'wide')]),
    ...(python === null
      ? []
      : [
          {
            name: 'pytorch',
            command: (suite: Suite) => [python, here('peers/pytorch.py'), suite, cases] as const,
          },
        ]),
    script('jax-js', 'jaxjs.ts'),
    script('tfjs wasm', 'tfjs.ts', 'wasm'),
    script('tfjs cpu', 'tfjs.ts', 'cpu'),
  ];
  if (only === undefined) return all;
  const wanted = only.split(',');
  const unknown = wanted.find((name) => !all.some((peer) => peer.name === name));
  if (unknown !== undefined)
    throw new Error(`--only: no peer "${unknown}"; there are: ${all.map((p) => p.name).join(', ')}`);
  return all.filter((peer) => wanted.includes(peer.name));
}

function run(peer: Peer, suite: Suite, ms: number): Times {
  const [program, ...args] = peer.command(suite);
  const { stdout, stderr, status } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, BENCH_MS: String(ms), OMP_NUM_THREADS: '1' },
    cwd: existsSync(here('node_modules')) ? here('.') : process.cwd(),
    maxBuffer: 2 ** 26,
  });
  const line = stdout.split('\n').findLast((l) => l.startsWith('BENCH '));
  if (line === undefined)
    throw new Error(`${peer.name} ended with ${status} and gave no times:\n${stderr.slice(-2000)}`);
  return JSON.parse(line.slice(6)) as Times;
}

const micros = (us: number): string => (us < 10 ? us.toFixed(2) : us < 1000 ? us.toFixed(1) : us.toFixed(0));

function printTable(title: string, peers: readonly Peer[], best: ReadonlyMap<string, Times>): void {
  const own = best.get('kindling') ?? {};
  const table = new Table({ title: `${title}: microseconds, and how many times Kindling's` });
  const names = new Set([...best.values()].flatMap((times) => Object.keys(times)));
  for (const name of names) {
    const row: Record<string, string> = { case: name };
    for (const peer of peers) {
      const time = best.get(peer.name)?.[name];
      const base = own[name];
      const ratio =
        time === undefined || base === undefined || peer.name === 'kindling'
          ? ''
          : ` (${(time / base).toFixed(2)}x)`;
      row[peer.name] = time === undefined ? '-' : `${micros(time)}${ratio}`;
    }
    table.addRow(row);
  }
  table.printTable();
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    args: process.argv.slice(2).filter((a) => a !== '--'),
    options: {
      rounds: { type: 'string', default: '2' },
      ms: { type: 'string', default: '400' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  const titles: Record<Suite, string> = {
    steps: 'A training step',
    kernels: 'Kernels',
    losses: 'Losses, forward and backward',
  };
  const unknown = positionals.find((suite) => !Object.hasOwn(titles, suite));
  if (unknown !== undefined)
    throw new Error(`no suite "${unknown}"; there are: ${Object.keys(titles).join(', ')}`);
  const suites = (positionals.length > 0 ? positionals : Object.keys(titles)) as Suite[];
  const peers = peersToRun(values.only);
  for (const suite of suites) {
    const best = new Map<string, Times>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const peer of peers) {
        const times = run(peer, suite, Number(values.ms));
        const sofar = best.get(peer.name) ?? {};
        for (const [name, time] of Object.entries(times))
          sofar[name] = Math.min(time, sofar[name] ?? Infinity);
        best.set(peer.name, sofar);
      }
    }
    printTable(titles[suite], peers, best);
  }
}

try {
  main();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 2;
}
