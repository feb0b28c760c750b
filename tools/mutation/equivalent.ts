/** Mutants that no test can kill, since the program does the same with them. */
import { nameOf } from './sample.ts';

export interface Equivalent {
  readonly file: string;
  /** The line that it stands on, what stands there, and what the mutant has instead. */
  readonly code: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** Mutants of one form, wherever they stand. */
interface EquivalentKind {
  readonly code: RegExp;
  readonly from: RegExp;
  readonly to: RegExp;
  readonly why: string;
}

const kinds: readonly EquivalentKind[] = [
  {
    code: /^if \(arguments\.length > \d+\) refuseExcess\(/,
    from: /^(>|arguments\.length > \d+)$/,
    to: /^(>=|true)$/,
    why: 'what is called asks itself how many there are: the condition spares the call',
  },
  {
    code: /^if \(observed\) /,
    from: /^observed$/,
    to: /^true$/,
    why: 'where nobody looks on nobody is told: the condition spares asking who does',
  },
];

const equivalents: readonly Equivalent[] = [
  {
    file: 'nn/src/module/print.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the line itself.
    code: "return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;",
    from: '<',
    to: '<=',
    why: 'the branch is taken for powers below -4 and from 16 on, of which none is 0',
  },
  {
    file: 'core/src/autograd/jacobians.ts',
    code: 'let state = Math.imul(seed, 0x9e3779b9) >>> 0;',
    from: '>>>',
    to: '<<',
    why: 'the next line takes what is added to it modulo 2^32, whatever its sign',
  },
  {
    file: 'core/src/autograd/engine.ts',
    code: '(isLeafNode(node) ? leaves : operations).push(node);',
    from: 'isLeafNode(node)',
    to: 'false',
    why: 'leaves are older than every operation, so that the sort puts them last all the same; the list spares it',
  },
  {
    file: 'core/src/record/node.ts',
    code: 'if (((this.primitive.saves ?? 0) & OUTPUT) !== 0) {',
    from: '0',
    to: '1',
    why: 'a number of none saves its inputs, as 1 does; neither has the bit of the result',
  },
  {
    file: 'core/src/dtype.ts',
    code: "if (from === to && (from === 'float32' || from === 'float64')) return true;",
    from: "'float64'",
    to: "'mutant'",
    why: 'a dtype is of its own category, which is asked next: the condition spares that',
  },
  {
    file: 'core/src/parameters/list.ts',
    code: 'if (Tensor.is(x)) continue;',
    from: 'continue;',
    to: ';',
    why: 'a tensor is no model and passes the check: the condition spares both',
  },
  {
    file: 'core/src/io/npy.ts',
    code: 'const room = first === undefined ? 0 : GROWTH_DIGITS - String(first).length;',
    from: '0',
    to: '1',
    why: 'the header of a scalar takes 128 bytes with one space more too',
  },
  {
    file: 'core/src/io/npy.ts',
    code: 'const room = first === undefined ? 0 : GROWTH_DIGITS - String(first).length;',
    from: 'first === undefined',
    to: 'false',
    why: 'the header of a scalar takes 128 bytes with room too',
  },
  {
    file: 'core/src/io/npy-header.ts',
    code: 'export const HEADER_ROOM = 12 + MAX_HEADER_BYTES;',
    from: '12',
    to: '13',
    why: 'that many bytes hold the header; one more is none of it',
  },
  {
    file: 'core/src/io/guess-format.ts',
    code: 'const start = String.fromCharCode(...bytes.subarray(0, 24));',
    from: '24',
    to: '25',
    why: 'no signature is as long as either',
  },
  {
    file: 'core/src/record/apply.ts',
    code: 'if (input?.storage === undefined) requireTensors(primitive.name, input);',
    from: 'input?.storage === undefined',
    to: 'true',
    why: 'the check passes every tensor: the condition spares the call',
  },
  {
    file: 'core/src/record/node.ts',
    code: 'const saves = this.primitive.saves ?? ALL_INPUTS;',
    from: '??',
    to: '&&',
    why: 'it is only asked whether it is 0, which neither makes of another number nor of none',
  },
  {
    file: 'core/src/autograd/hooks.ts',
    code: 'g.storage.holders--;',
    from: '--',
    to: '++',
    why: 'it was handed out, so that it is never written again, however many hold it',
  },
  {
    file: 'core/src/autograd/jacobians.ts',
    code: 'for (const [k, g] of found.entries()) if (g !== null) jacobians[k]?.setColumn(i, copyOfData(g));',
    from: '?.',
    to: '.',
    why: 'there is one for each gradient that is found',
  },
  {
    file: 'core/src/record/in-place.ts',
    code: 'const readsOld = inputs.some((x, i) => x === target && (saves & INPUT(i)) !== 0);',
    from: '&',
    to: '|',
    why: 'a copy of the old value is kept that no derivative reads: memory, and nothing that a result shows',
  },
  {
    file: 'nn/src/module/callable.ts',
    code: 'module.registered === Callable.prototype.registered',
    from: 'module.registered === Callable.prototype.registered',
    to: 'false',
    why: 'the other branch gives the same values by way of pairs, more slowly',
  },
  {
    file: 'optim/src/optimizers/sgd.ts',
    code: 'if (momentum === 0) return [lr, sign, weightDecay];',
    from: 'momentum === 0',
    to: 'false',
    why: 'the update without momentum reads three numbers, however many follow them',
  },
  {
    file: 'core/src/data/loader-options.ts',
    code: 'if (!isStream(dataset)) {',
    from: '!isStream(dataset)',
    to: 'true',
    why: 'of a stream both samplers have been refused before, so that nothing is left to check',
  },
  {
    file: 'optim/src/optimizers/lbfgs/strong-wolfe.ts',
    code: 'else if (now.slope >= 0) bracket = [before, now];',
    from: '>=',
    to: '>',
    why: 'a slope of 0 is flat, which is asked before',
  },
  {
    file: 'optim/src/optimizers/lbfgs/strong-wolfe.ts',
    code: 'let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;',
    from: '1',
    to: '2',
    why: 'it is only asked whether it is 0',
  },
  {
    file: 'optim/src/optimizers/lbfgs/strong-wolfe.ts',
    code: 'low = bracket[0].loss <= bracket[1].loss ? 0 : 1;',
    from: '1',
    to: '2',
    why: 'it is only asked whether it is 0',
  },
  {
    file: 'optim/src/optimizers/lbfgs/strong-wolfe.ts',
    code: 'if (moves) next = Math.abs(ahead.value) < Math.abs(behind.value) ? sub(to, margin) : add(from, margin);',
    from: '<',
    to: '<=',
    why: 'as far from both ends is the middle, which is not close to either',
  },
  {
    file: 'optim/src/optimizers/lbfgs/strong-wolfe.ts',
    code: 'const other = !isDone && mul(tensor(now.slope), sub(worst.t, best.t)).value >= 0 ? best : worst;',
    from: '>=',
    to: '>',
    why: 'a slope of 0 is flat, and both ends at one place have ended the search before',
  },
  {
    file: 'optim/src/optimizers/lbfgs/lbfgs.ts',
    code: 'let isOptimal = false;',
    from: 'false',
    to: 'true',
    why: 'it is set before it is read but after the last iteration, which ends whatever it is',
  },
  {
    file: 'core/src/compile/machine/bring-in.ts',
    code: 'place.resident = null;',
    from: 'place.resident = null;',
    to: ';',
    why: 'who has been handed out lodges there no more, which is what is asked of a resident',
  },
  {
    file: 'core/src/compile/machine/passes/common-subexpressions.ts',
    code: 'const renamed = instead.size === 0 ? unit : unit.map((step) => readingOthers(step, instead));',
    from: 'instead.size === 0',
    to: 'false',
    why: 'a step of which no memory has another is given back as it is: the condition spares looking',
  },
  {
    file: 'core/src/compile/machine/passes/dead-code.ts',
    code: 'if (outputs.length === kernel.outputs.length) return kernel;',
    from: 'return kernel;',
    to: ';',
    why: 'the kernel is made anew of the same results: the line spares that',
  },
  {
    file: 'core/src/compile/machine/parts.ts',
    code: "if (typeof p === 'number') return;",
    from: "typeof p === 'number'",
    to: 'false',
    why: 'a number names no equation, and so no host part, which is asked next',
  },
  {
    file: 'core/src/compile/machine/machine.ts',
    code: 'if (at === undefined) return;',
    from: 'return;',
    to: ';',
    why: 'what has no place is read and written by nobody, so that it is no matter where it is said to lie',
  },
  {
    file: 'core/src/compile/tree.ts',
    code: 'for (let i = 0; i < b.length; i++) if (!sameForm(a[i], b[i], tensors, alike)) return false;',
    from: '<',
    to: '<=',
    why: 'behind the end of both there is nothing, which is the same',
  },
  {
    file: 'core/src/compile/trace/tracing.ts',
    code: 'if (this.failure !== null) return;',
    from: 'return;',
    to: ';',
    why: 'of a recording that has failed nothing is used: the line spares going on with it',
  },
  {
    file: 'core/src/compile/tree.ts',
    code: 'for (let i = 0; i < args.length; i++) {',
    from: '<',
    to: '<=',
    why: 'what is behind the last argument is no tensor, and the list that is made then has the same tensors',
  },
  {
    file: 'core/src/compile/compile.ts',
    code: 'if (version.timesWanted !== timesWanted) followThreads(version);',
    from: 'version.timesWanted !== timesWanted',
    to: 'true',
    why: 'whether there are threads that the program was not made for is asked in each call: the condition spares that',
  },
  {
    file: 'core/src/compile/compile.ts',
    code: 'for (const { index, requiresGrad } of requiring) tensors[index]?.requiresGrad_(requiresGrad);',
    from: '?.',
    to: '.',
    why: 'a call that a program serves has as many tensors as the one that was recorded',
  },
  {
    file: 'core/src/compile/trace/rehearsal.ts',
    code: 'const from = offset - (inputs[0]?.offset ?? 0);',
    from: '?.',
    to: '.',
    why: 'it is asked of views, each of which is one of something',
  },
  {
    file: 'core/src/data/loader-state.ts',
    code: 'if (state !== undefined) generator.setState(state);',
    from: 'state !== undefined',
    to: 'true',
    why: 'a state that is loaded has been asked whether it has one for each generator',
  },
  {
    file: 'core/src/kernels/gemm/gemm.ts',
    code: 'if (m <= narrowTile.rows) return false;',
    from: 'return false;',
    to: ';',
    why: 'the rows of one tile are never parted, so that one thread takes them all the same: the line spares copying them',
  },
  {
    file: 'core/src/kernels/reduce/reduce.ts',
    code: 'ensureBytes(scratchBytes);',
    from: 'ensureBytes(scratchBytes);',
    to: ';',
    why: 'it is less than the memory has from the start, which is there once kernels are',
  },
  {
    file: 'core/src/kernels/reduce/reduce.ts',
    code: "const narrow = wide && this.#lane === 'f32' && !(out instanceof Float64Array);",
    from: '===',
    to: '!==',
    why: 'the copy to the results rounds then instead of the kernel, to the same bits',
  },
  {
    file: 'core/src/compile/interpreter.ts',
    code: 'const from = (x?.offset ?? 0) - at;',
    from: '0',
    to: '1',
    why: 'of no tensor nothing is brought in, which is asked next',
  },
  {
    file: 'optim/src/optimizers/muon.ts',
    code: 'const key = 2 * nsSteps + Number(nesterov);',
    from: '+',
    to: '-',
    why: 'the keys stay apart, an odd and an even one for each number of steps',
  },
  {
    file: 'optim/src/state-dict.ts',
    code: 'if (entries.every(([, value]) => spelling(value) === value)) return state;',
    from: 'spelling(value) === value',
    to: 'undefined',
    why: 'the line spares a toJSON that writes each value as it is',
  },
  {
    file: 'optim/src/lr-scheduler/composed/composed.ts',
    code: 'for (const [i, state] of all.entries()) schedulers[i]?.loadStateDict(state);',
    from: '?.',
    to: '.',
    why: 'there are as many states as schedulers, which is asked before',
  },
  {
    file: 'core/src/data/combined-datasets.ts',
    code: 'return this.cumulativeSizes.at(-1) ?? 0;',
    from: '0',
    to: '1',
    why: 'there is at least one dataset, which the constructor asks',
  },
];

const byName = new Map(equivalents.map((equivalent) => [nameOf(equivalent), equivalent]));

/** Why the program does the same with a mutant; undefined where that is not known. */
export function equivalentOf(mutant: Omit<Equivalent, 'why'>): Equivalent | undefined {
  const { file, code, from, to } = mutant;
  const kind = kinds.find((k) => k.code.test(code) && k.from.test(from) && k.to.test(to));
  return byName.get(nameOf(mutant)) ?? (kind && { file, code, from, to, why: kind.why });
}
