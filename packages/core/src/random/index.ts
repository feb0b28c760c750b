/** PyTorch's random numbers on the CPU, bit for bit: the generator, and fills of typed arrays. */
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
