/** Mutants that no test can kill, since the program does the same with them. */

export interface Equivalent {
  readonly file: string;
  /** The line that it stands on, what stands there, and what the mutant has instead. */
  readonly code: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [
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
];
