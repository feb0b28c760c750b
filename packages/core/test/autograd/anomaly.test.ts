import { afterEach, describe, expect, it } from 'vitest';
import { apply, autograd, definePrimitive, elementsOf, type Tensor, tensor } from '../../src/index.ts';

const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true });
const messageOf = (fn: () => void): string => {
  try {
    fn();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

afterEach(() => autograd.setDetectAnomaly(false));

describe('anomaly mode', () => {
  it('names the backward function that returns NaN, and shows where its forward was called', () => {
    function theForwardCall(x: Tensor): Tensor {
      return x.sqrt();
    }
    const message = messageOf(() =>
      autograd.detectAnomaly(() =>
        theForwardCall(leaf([0]))
          .mul(0)
          .sum()
          .backward(),
      ),
    );
    const [first, ...rest] = message.split('\n');
    expect(first).toBe("Function 'SqrtBackward0' returned nan values in its 0th output.");
    expect(rest[0]).toBe('Traceback of the forward call of SqrtBackward0:');
    expect(rest[1]).toContain('theForwardCall');
    expect(rest[1]).toContain('anomaly.test.ts');
    expect(message).not.toContain('src/record/apply.ts');
  });

  it('explains errors that derivatives throw', () => {
    autograd.setDetectAnomaly(true);
    const a = leaf([1]).mul(1);
    const b = a.exp();
    b.add_(1);
    const message = messageOf(() => b.sum().backward());
    expect(message).toContain('modified by an inplace operation');
    expect(message.match(/Traceback of the forward call of ExpBackward0/g)).toHaveLength(1);
    expect(message).not.toContain('Hint');
  });

  it('traces derivatives of derivatives to the forward call', () => {
    autograd.setDetectAnomaly(true);
    const x = leaf([0]);
    const [dx] = autograd.grad(x.pow(1.5), x, { createGraph: true });
    const message = messageOf(() => autograd.grad(dx!.mul(0), x));
    expect(message).toMatch(/returned nan values/);
    expect(message).toContain('Induced by the backward of PowBackward0');
  });

  it('can leave NaN alone', () => {
    autograd.setDetectAnomaly(true, { checkNan: false });
    const x = leaf([0]);
    x.sqrt().mul(0).sum().backward();
    expect(x.grad!.item()).toBeNaN();
  });

  it('is off outside', async () => {
    expect(autograd.isAnomalyEnabled()).toBe(false);
    autograd.setDetectAnomaly(true, { checkNan: false });
    autograd.detectAnomaly(() => expect(autograd.isAnomalyEnabled()).toBe(true));
    expect(autograd.isAnomalyEnabled()).toBe(true);
    leaf([0]).sqrt().mul(0).sum().backward();
    autograd.setDetectAnomaly(false);
    expect(autograd.isAnomalyEnabled()).toBe(false);
    await autograd.detectAnomaly(async () => {
      await Promise.resolve();
      expect(autograd.isAnomalyEnabled()).toBe(true);
    });
    expect(autograd.isAnomalyEnabled()).toBe(false);
    expect(messageOf(() => leaf([0]).sqrt().mul(0).sum().backward())).toBe('no error');
    expect(leaf([1]).mul(2).gradFn!.trace).toBeNull();
  });

  it('belongs to the async flow it was set in', async () => {
    const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const nan = (): string => messageOf(() => leaf([0]).sqrt().mul(0).sum().backward());
    const seen: Record<string, boolean[]> = { first: [], second: [], beside: [] };
    const look = async (name: string, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await tick(4);
        seen[name]!.push(autograd.isAnomalyEnabled() && nan() !== 'no error');
      }
    };
    await Promise.all([
      autograd.detectAnomaly(async () => await look('first', 2)),
      autograd.detectAnomaly(async () => await look('second', 5)),
      look('beside', 4),
    ]);
    expect(seen).toEqual({
      first: [true, true],
      second: [true, true, true, true, true],
      beside: [false, false, false, false],
    });
    expect(autograd.isAnomalyEnabled()).toBe(false);
  });

  it('and grad mode keep apart, where regions of both are nested', async () => {
    const both = (): [boolean, boolean] => [autograd.isAnomalyEnabled(), autograd.isGradEnabled()];
    const seen: [boolean, boolean][] = [];
    await autograd.detectAnomaly(async () => {
      await autograd.noGrad(async () => {
        await null;
        seen.push(both());
        autograd.setDetectAnomaly(false);
        seen.push(both());
      });
      seen.push(both());
    });
    await autograd.noGrad(async () => {
      await autograd.detectAnomaly(async () => {
        await null;
        seen.push(both());
      });
      seen.push(both());
    });
    seen.push(both());
    expect(seen).toEqual([
      [true, false],
      [false, false],
      [false, true],
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  it('can be set for what is left of a region', async () => {
    const on = autograd.isAnomalyEnabled;
    const seen: boolean[] = [];
    autograd.detectAnomaly(() => {
      autograd.setDetectAnomaly(false);
      seen.push(on());
    });
    seen.push(on());
    const region = autograd.detectAnomaly(async () => {
      await null;
      autograd.setDetectAnomaly(false);
      await null;
      seen.push(on());
    });
    seen.push(on());
    autograd.setDetectAnomaly(true);
    await region;
    seen.push(on());
    expect(seen).toEqual([false, false, false, false, true]);
  });

  it('ends with an error, and leaves no node as running', () => {
    expect(() =>
      autograd.detectAnomaly(() => {
        leaf([0]).sqrt().mul(0).sum().backward();
      }),
    ).toThrow(/nan values/);
    expect(autograd.isAnomalyEnabled()).toBe(false);
    autograd.detectAnomaly(() => expect(leaf([1]).mul(2).gradFn!.trace).not.toContain('Induced by'));
  });

  it('looks at every gradient that is wanted, of operations with several inputs too', () => {
    const [x, y] = [leaf([1]), leaf([0])];
    // d/dy of x / y is -x / y², infinite; times 0 that is NaN, and d/dx is not.
    const message = messageOf(() => autograd.detectAnomaly(() => x.pow(y.mul(0).div(y)).sum().backward()));
    expect(message).toContain("Function 'PowBackward1' returned nan values in its 0th output.");
    const constant = tensor([0], { dtype: 'float32' });
    const masked = (): void =>
      x
        .where(tensor([true]), constant.div(0))
        .sum()
        .backward();
    expect(messageOf(() => autograd.detectAnomaly(masked))).toBe('no error');
    const careless = definePrimitive<undefined, [Tensor, Tensor]>({
      name: 'careless',
      saves: 0,
      infer: ([{ shape, dtype }]) => ({ shape, dtype }),
      kernel: ([a], _, out) => elementsOf(out).set(elementsOf(a)),
      derivative: (g) => [g, g.mul(Number.NaN)],
    });
    const walk = (a: Tensor, b: Tensor) => () =>
      autograd.detectAnomaly(() => apply(careless, [a, b], undefined).sum().backward());
    expect(messageOf(walk(leaf([1]), constant))).toBe('no error');
    expect(messageOf(walk(constant, leaf([1])))).toContain(
      "'CarelessBackward0' returned nan values in its 1th output.",
    );
  });
});
