/** The names that an example of the documentation may use. */
import * as core from '@kindling/core';
import * as node from '@kindling/core/node';
import * as testing from '@kindling/core/testing';
import * as distributions from '@kindling/distributions';
import * as interop from '@kindling/interop';
import * as metrics from '@kindling/metrics';
import * as tensorboard from '@kindling/tensorboard';
import fc from 'fast-check';

/** Public names of all packages; `var` is a word of the language, and an example writes `variance` or `x.var()`. */
export function exampleScope(nn: object | null, optim: object | null): Record<string, unknown> {
  const all = {
    ...testing,
    ...node,
    ...tensorboard,
    ...interop,
    ...metrics,
    ...distributions,
    ...optim,
    ...nn,
    ...core,
    nn,
    optim,
    fc,
  };
  const { var: _, ...scope } = all as Record<string, unknown>;
  return scope;
}
