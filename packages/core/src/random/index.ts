/** PyTorch's random numbers on the CPU, bit for bit: the generator, and fills of typed arrays. */
export { forkRng } from './fork.ts';
export {
  defaultGenerator,
  Generator,
  type GeneratorState,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './generator.ts';
export { generatorKind } from './generator-kind.ts';
