/** The programs of the page that is shown, each a list of blocks that may be edited. */
import type { Ref } from 'vue';

const programs = new Map<number, Map<number, Ref<string>>>();

/** Adds a block; what is returned takes it away. */
export function register(program: number, block: number, code: Ref<string>): () => void {
  const blocks = programs.get(program) ?? new Map<number, Ref<string>>();
  programs.set(program, blocks.set(block, code));
  return () => {
    // The next page may have put its own block there before this one goes.
    if (blocks.get(block) === code) blocks.delete(block);
  };
}

/** The text of the blocks of a program up to one of them. */
export function blocksUpTo(program: number, block: number): string[] {
  const blocks = programs.get(program);
  return Array.from({ length: block + 1 }, (_, i) => blocks?.get(i)?.value ?? '');
}
