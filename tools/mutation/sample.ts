/** Which mutants of a folder are tried. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from './folders.ts';
import { type Mutant, mutantsOf } from './mutants.ts';

/** All mutants of a folder's sources. */
export function mutantsIn(packages: string, folder: Folder): Mutant[] {
  const paths =
    folder.files ?? readdirSync(join(packages, folder.source), { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .flatMap((path) => {
      const file = `${folder.source}/${path}`;
      return mutantsOf(file, readFileSync(join(packages, file), 'utf8'));
    });
}

/**
 * `count` of the mutants, drawn by a seed. Each is drawn by what it is, not by where it stands in the list: a change
 * elsewhere in the sources leaves the others of the sample as they are.
 */
export function sampleOf(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const alike = new Map<string, number>();
  const drawn = mutants.map((mutant) => {
    const name = `${seed} ${nameOf(mutant)}`;
    const nth = alike.get(name) ?? 0;
    alike.set(name, nth + 1);
    return { mutant, lot: createHash('sha256').update(`${name} ${nth}`).digest('hex') };
  });
  drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return drawn.slice(0, count).map(({ mutant }) => mutant);
}

/** What names a mutant in lists: its file, the line that it stands on, and the change. */
export function nameOf({ file, code, from, to }: Pick<Mutant, 'file' | 'code' | 'from' | 'to'>): string {
  return `${file}: ${code} | ${from} => ${to}`;
}
