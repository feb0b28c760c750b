import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

/** A small problem that one loss is to solve. */
export interface Task {
  /** What the score measures, and on what. */
  readonly measure: string;
  /** The least score that counts as learned; higher is better, 1 is perfect. */
  readonly wanted: number;
  readonly parameters: readonly nn.Parameter[];
  /** The loss on the training data. */
  loss(): Tensor;
  /** The score on data that training never sees. */
  score(): number;
}

/** The task of what learns: a model, or a list of parameters. */
export const task = (
  measure: string,
  wanted: number,
  learns: Pick<nn.Module, 'parameters'> | readonly nn.Parameter[],
  { loss, score }: Pick<Task, 'loss' | 'score'>,
): Task => ({
  measure,
  wanted,
  parameters: 'parameters' in learns ? learns.parameters() : learns,
  loss,
  score,
});

/** A loss of input and target. */
export type PairLoss = (input: Tensor, target: Tensor) => Tensor;

/** A model with one hidden layer, which all the tasks make do with. */
export const smallModel = (inputs: number, outputs: number, hidden = 32): nn.Sequential =>
  new nn.Sequential(new nn.Linear(inputs, hidden), new nn.Tanh(), new nn.Linear(hidden, outputs));

/** The share of elements where a bool tensor is true. */
export const share = (hits: Tensor): number => hits.float().mean().item();

/** R^2: the share of the variance of `truth` that `prediction` explains. */
export function explained(prediction: Tensor, truth: Tensor): number {
  const missed = prediction.sub(truth).square().sum().item();
  const total = truth.sub(truth.mean()).square().sum().item();
  return 1 - missed / total;
}
