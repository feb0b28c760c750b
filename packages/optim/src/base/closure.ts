import { checkArguments, enableGrad, K, type Tensor, ValueError } from '@kindling/core';

/**
 * What `closure` gives, the loss, with gradients recorded.
 * @throws ValueError for what is no function, or is asynchronous
 */
export function evaluate(caller: string, closure: () => Tensor): Tensor {
  checkArguments(caller, { closure: K.callable }, [closure]);
  const loss = enableGrad(closure);
  if (K.isPromise(loss)) {
    throw new ValueError(
      `${caller}: the closure returned a Promise, and its gradients come too late for this step; compute loss and gradients ` +
        'first, then write optimizer.step()',
    );
  }
  return loss;
}

/**
 * Looks at what a hook of an optimizer returned: all else counts for nothing.
 * @throws ValueError for a Promise
 */
export function refusePromise(optimizer: object, result: unknown): void {
  if (!K.isPromise(result)) return;
  K.disown(result);
  throw new ValueError(
    `${optimizer.constructor.name}.step: a hook returned a Promise, and the step does not wait for it: what it awaits comes too late, and its errors are lost; ` +
      'await before optimizer.step(), or after it',
  );
}

/**
 * {@link evaluate}, for those that cannot do without a closure.
 * @throws ValueError where there is none
 */
export function evaluateNeeded(caller: string, closure: (() => Tensor) | undefined): Tensor {
  if (closure === undefined) {
    throw new ValueError(
      `${caller}: expected a closure, got none: the loss is needed at several places in one step; write optimizer.step(() => ` +
        '{ optimizer.zeroGrad(); const loss = lossFn(model(x), y); loss.backward(); return loss; })',
    );
  }
  return evaluate(caller, closure);
}
