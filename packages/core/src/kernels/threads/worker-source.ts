import { SETTLE } from '../wasm/index.ts';
import { DONE, FAILED, JOB, PROGRAM, partBits, SLEEPERS, TAKEN, WORD } from './control.ts';

/** How often a worker looks for work, since it had some, before it sleeps: for some tens of microseconds. */
const spins = 20_000;

/**
 * What a worker runs. It is a string, as a bundle has no other file to start one from. Messages tell it of memory and
 * programs; between them it takes parts, and looks for more for a while before it sleeps until there are.
 */
export const workerSource = `'use strict';
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort ?? null;
const programs = new Map();
let control, memory, scratch, posted;
let read = 0;
// How often it has looked in vain.
let idle = 0;

// As \`useWideVectors\` does: what V8 compiles for wide vectors makes Math slow until this is called.
const settle = globalThis.Buffer === undefined ? () => {} : Buffer.byteLength.bind(null, 'a'.repeat(16));

const instanceOf = (module, env) => new WebAssembly.Instance(module, { env: { memory, ...env } }).exports;

const handle = (message) => {
  if (message.kind === 'begin') ({ control, memory, scratch, posted } = message);
  else if (message.kind === 'forget') programs.delete(message.id);
  else {
    const ofMath = (names) => Object.fromEntries(names.map((name) => [name, name === '${SETTLE}' ? settle : Math[name]]));
    const from = message.modules.map(({ module, math }) => instanceOf(module, ofMath(math)));
    const env = Object.fromEntries(message.callees.map(({ as, from: i, name }) => [as, from[i][name]]));
    const made = instanceOf(message.module, { ...ofMath(message.math), ...env });
    programs.set(message.id, message.jobs.map((name) => made[name]));
  }
};

const takePart = (word, next, parts) => {
  if (Atomics.compareExchange(control, ${WORD}, word, word + 1) !== word) return;
  idle = 0;
  Atomics.add(control, ${TAKEN}, 1);
  try {
    programs.get(Atomics.load(control, ${PROGRAM}))[Atomics.load(control, ${JOB})](next, parts, scratch);
    settle();
  } catch {
    Atomics.store(control, ${FAILED}, 1);
  }
  if (Atomics.add(control, ${DONE}, 1) + 1 === parts) Atomics.notify(control, ${DONE});
};

const awaitChange = (word) => {
  for (; idle < ${spins}; idle++) if (Atomics.load(control, ${WORD}) !== word) return;
  Atomics.add(control, ${SLEEPERS}, 1);
  Atomics.wait(control, ${WORD}, word);
  Atomics.sub(control, ${SLEEPERS}, 1);
  idle = 0;
};

const work = () => {
  for (;;) {
    const word = Atomics.load(control, ${WORD});
    if (Atomics.load(control, posted) !== read) return;
    const next = word & ${2 ** partBits - 1};
    const parts = (word >>> ${partBits}) & ${2 ** partBits - 1};
    if (next < parts && programs.has(Atomics.load(control, ${PROGRAM}))) takePart(word, next, parts);
    else awaitChange(word);
  }
};

const receive = (message) => {
  handle(message);
  read++;
  if (Atomics.load(control, posted) === read) work();
};

if (port === null) globalThis.onmessage = ({ data }) => receive(data);
else port.on('message', receive);
`;
