/** Those of the packages beside core. */
import type { Equivalent } from '../mutants.ts';

export const ofPackages: readonly Equivalent[] = [
  {
    file: 'nn/src/module/print.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the line itself.
    code: "return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;",
    from: '<',
    to: '<=',
    why: 'the branch is taken for powers below -4 and from 16 on, of which none is 0',
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
    file: 'nn/src/module/state-dict.ts',
    code: 'const known = dot < 0 ? own.has(rest) : below.has(rest.slice(0, dot)) || own.has(rest);',
    from: '0',
    to: '1',
    why: 'no part of a module has an empty name',
  },
];
