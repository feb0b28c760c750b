/** PyTorch's random numbers on the CPU, bit for bit: the generator, and fills of typed arrays. */
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './generator.ts';
