/** Results of one element, whose array comes into being once somebody asks for it. */
import { describe, expect, it } from 'vitest';
import { compile, type DType, observe, ones, type Tensor, tensor } from '../../src/index.ts';

/** A compiled function whose program runs from now on. */
function compiled(fn: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const run = compile(fn, { check: false });
  for (let i = 0; i < 3; i++) run(ones(3));
  return run;
}
const sum = compiled((x) => x.sum());
const given = tensor([0.1, 0.2, 0.4]);

describe('a compiled result of one element', () => {
  it('is what eager gives, however it is read', () => {
    const eager = given.sum();
    expect(sum(given).item()).toBe(eager.item());
    expect(sum(given).data).toEqual(eager.data);
    expect(sum(given).tolist()).toBe(eager.tolist());
    expect(String(sum(given))).toBe(String(eager));
    expect(sum(given).add(1).item()).toBe(eager.add(1).item());
    expect(sum(given).clone().item()).toBe(eager.item());
  });

  it.each<DType>(['float64', 'int32', 'bool'])('holds its number as %s', (dtype) => {
    const fn = (x: Tensor): Tensor => x.sum().mul(2).to(dtype);
    expect(compiled(fn)(given).item()).toBe(fn(given).item());
    expect(compiled(fn)(given).data).toEqual(fn(given).data);
  });

  it('stays as it was when the program runs again, read or not', () => {
    const [first, second] = [sum(given), sum(given.mul(2))];
    sum(ones(3));
    expect(first.item()).toBe(given.sum().item());
    expect(second.item()).toBe(given.mul(2).sum().item());
  });

  it('shows what was changed in place, through the tensor, a view or its data', () => {
    const x = sum(ones(3));
    x.add_(1);
    expect(x.item()).toBe(4);
    const y = sum(ones(3));
    y.view(1).mul_(5);
    expect([y.item(), y.view(1).item()]).toEqual([15, 15]);
    const z = sum(ones(3));
    const { data } = z;
    data[0] = 7;
    expect([z.item(), z.add(1).item()]).toEqual([7, 8]);
    expect(z.data).toBe(data);
  });

  it('is read under the eyes of observers', () => {
    const seen: string[] = [];
    const x = sum(ones(3));
    const stop = observe({ read: (_, reason) => void seen.push(reason) });
    x.item();
    stop();
    expect(seen).toEqual(['item']);
  });

  it('can be an argument, state and a gradient of other programs', () => {
    const scale = sum(ones(3));
    const scaled = compiled((x) => x.mul(scale));
    expect(scaled(ones(1)).tolist()).toEqual([3]);
    scale.add_(1);
    for (let i = 0; i < 3; i++) expect(scaled(ones(3)).tolist()).toEqual([4, 4, 4]);
    expect(compiled((x) => x.sum().add(1))(sum(ones(3)).expand([3])).item()).toBe(10);
  });
});
