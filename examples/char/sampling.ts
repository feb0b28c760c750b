import { type Generator, int32, multinomial, noGrad, type Tensor, tensor } from '@kindling/core';
import type * as nn from '@kindling/nn';

/** Of characters, (N, T), what comes after each: logits, (N, T, V). */
export type Model = nn.Module<[Tensor], Tensor>;

/** What a sample is made by. */
interface Sampling {
  /** How many characters the model looks back. */
  readonly context: number;
  /** Below 1 likely characters become more likely. */
  readonly temperature: number;
  readonly generator: Generator;
}

/**
 * `count` characters, as codes, that go on from `prompt`: each is drawn from what the model gives after those before
 * it.
 */
export function sample(
  model: Model,
  prompt: readonly number[],
  count: number,
  { context, temperature, generator }: Sampling,
): number[] {
  const codes = [...prompt];
  noGrad(() => {
    for (let i = 0; i < count; i++) {
      const seen = tensor([codes.slice(-context)], { dtype: int32 });
      const last = model(seen).select(1, -1);
      codes.push(multinomial(last.div(temperature).softmax(-1), 1, { generator }).item());
    }
  });
  return codes.slice(prompt.length);
}
