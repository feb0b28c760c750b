/** Mutants that no test can kill, since the program does the same with them. */
import { ofCompile } from './equivalents/compile.ts';
import { ofCore } from './equivalents/core.ts';
import { ofPackages } from './equivalents/packages.ts';
import type { Equivalent } from './mutants.ts';
import { nameOf } from './sample.ts';

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
  {
    code: /^if \(isTraced\(\)\) dependsOnModule\(/,
    from: /^isTraced\(\)$/,
    to: /^true$/,
    why: 'where nobody asks what a call depends on nobody is told: the condition spares going through the module',
  },
];

const byName = new Map(
  [...ofCore, ...ofCompile, ...ofPackages].map((equivalent) => [nameOf(equivalent), equivalent]),
);

/** Why the program does the same with a mutant; undefined where that is not known. */
export function equivalentOf(mutant: Omit<Equivalent, 'why'>): Equivalent | undefined {
  const { file, code, from, to } = mutant;
  const kind = kinds.find((k) => k.code.test(code) && k.from.test(from) && k.to.test(to));
  return byName.get(nameOf(mutant)) ?? (kind && { file, code, from, to, why: kind.why });
}
