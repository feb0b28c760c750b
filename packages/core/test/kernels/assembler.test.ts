import { describe, expect, test } from 'vitest';
import { f32, f64, hasRelaxedSimd, instantiate, ModuleBuilder, u8 } from '../../src/kernels/wasm/index.ts';
import { accessOpcodes, laneOpcodes, plainOpcodes } from '../../src/kernels/wasm/opcodes.ts';

describe('ModuleBuilder', () => {
  test('loops, branches and calls', () => {
    const module = new ModuleBuilder();
    const log: number[] = [];
    const report = module.importFunction('report', ['i32'], []);
    const square = module.addFunction({ params: ['i32'], results: ['i32'] }, (f) => {
      f.get(0).get(0).op('i32.mul');
    });
    module.addFunction({ params: ['i32'], results: ['i32'], export: 'sumOfSquares' }, (f) => {
      const sum = f.local('i32');
      const done = f.block();
      const top = f.loop();
      f.get(0).op('i32.eqz').brIf(done);
      f.get(0).call(report);
      f.get(0).call(square).get(sum).op('i32.add').set(sum);
      f.get(0).i32Const(1).op('i32.sub').set(0).i32Const(1).brIf(top);
      f.end().end().get(sum);
    });
    const { sumOfSquares } = module.instantiate<{ sumOfSquares(n: number): number }>({
      report: (n) => log.push(n ?? Number.NaN),
    });
    expect(sumOfSquares(4)).toBe(30);
    expect(log).toEqual([4, 3, 2, 1]);
  });

  test('unrolled steps, cut in parts or not, are as many as the counter says', () => {
    for (const cuts of [0, 1, 3]) {
      const module = new ModuleBuilder();
      const params = { count: 'i32' } as const;
      module.define({ export: 'steps', result: 'i32' }, params, (f, p) => {
        const { left, parts, rounds } = f.locals('i32', 'left', 'parts', 'rounds');
        const step = (_: number, cut: () => void): void => {
          f.bump(parts, { bytes: 1 });
          for (let i = 0; i < cuts; i++) {
            cut();
            f.bump(parts, { bytes: 1 });
          }
        };
        f.get(p.count).set(left);
        f.unrolled(left, 4, step, () => f.bump(rounds, { bytes: 1 }));
        f.get(rounds).i32Const(1000).op('i32.mul').get(parts).op('i32.add');
      });
      const { steps } = module.instantiate<{ steps(count: number): number }>();
      for (const count of [-1, 0, 1, 2, 3, 4, 5, 7, 8, 9]) {
        const made = Math.max(0, count);
        expect(steps(count), `${count} steps, ${cuts} cuts`).toBe(
          1000 * Math.floor(made / 4) + made * (cuts + 1),
        );
      }
    }
  });

  test('constants of every type keep their bits', () => {
    const module = new ModuleBuilder();
    module.addFunction({ params: ['i32'], results: [], export: 'write' }, (f) => {
      f.get(0).f64Const(Math.PI).store('f64.store', 8);
      f.get(0).f32Splat(1.5).store('v128.store', 32);
      f.get(0).f64Splat(-2.5).store('v128.store', 48);
      f.get(0).i32Const(-129).store('i32.store', 24);
    });
    module.instantiate<{ write(at: number): void }>().write(64);
    const view = new DataView(u8.buffer, 64);
    expect(view.getFloat64(8, true)).toBe(Math.PI);
    expect(view.getInt32(24, true)).toBe(-129);
    expect(Array.from(f32.subarray(24, 28))).toEqual([1.5, 1.5, 1.5, 1.5]);
    expect(Array.from(f64.subarray(14, 16))).toEqual([-2.5, -2.5]);
  });

  test('integers of any size survive LEB128', () => {
    for (const value of [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
      const module = new ModuleBuilder();
      module.addFunction({ params: [], results: ['i32'], export: 'value' }, (f) => {
        f.i32Const(value);
      });
      expect(module.instantiate<{ value(): number }>().value()).toBe(value);
    }
  });

  test('shuffles by 32-bit and by 64-bit lane', () => {
    const module = new ModuleBuilder();
    module.addFunction({ params: [], results: [], export: 'shuffle' }, (f) => {
      f.i32Const(32).i32Const(0).load('v128.load').i32Const(16).load('v128.load').shuffle32(3, 4, 0, 7);
      f.store('v128.store');
      f.i32Const(48).i32Const(0).load('v128.load').i32Const(16).load('v128.load').shuffle64(1, 2);
      f.store('v128.store');
    });
    f32.set([0, 1, 2, 3, 4, 5, 6, 7]);
    module.instantiate<{ shuffle(): void }>().shuffle();
    expect(Array.from(f32.subarray(8, 16))).toEqual([3, 4, 0, 7, 2, 3, 4, 5]);
  });

  test('a vector constant is in a block what it is outside, and stands there once however often it is used', () => {
    const used = (times: number): Uint8Array<ArrayBuffer> => {
      const module = new ModuleBuilder();
      module.addFunction({ params: [], results: [], export: 'store' }, (f) => {
        f.i32Const(1).if();
        for (let i = 0; i < times; i++)
          f.i32Const(16 * i)
            .f32Splat(1.5)
            .store('v128.store');
        f.end()
          .i32Const(16 * times)
          .f32Splat(2.5)
          .store('v128.store');
      });
      return module.build();
    };
    instantiate<{ store(): void }>(used(2)).store();
    expect(Array.from(f32.subarray(0, 12))).toEqual([...new Array(8).fill(1.5), ...new Array(4).fill(2.5)]);
    expect(used(4).length - used(2).length).toBeLessThan(2 * 16);
  });

  test('unbalanced blocks are reported', () => {
    const signature = { params: [], results: [] };
    expect(() => new ModuleBuilder().addFunction(signature, (f) => f.block())).toThrow(/left open/);
    expect(() => new ModuleBuilder().addFunction(signature, (f) => f.end())).toThrow(/end without/);
  });
});

test('every instruction table entry is distinct', () => {
  const codes = [
    ...plainOpcodes.values(),
    ...Object.values(accessOpcodes).map(([code]) => code),
    ...Object.values(laneOpcodes),
  ];
  expect(new Set(codes).size).toBe(codes.length);
});

test('relaxed SIMD is detected by validation', () => {
  const module = new ModuleBuilder();
  module.addFunction({ params: ['v128'], results: ['v128'] }, (f) => {
    f.get(0).get(0).get(0).op('f32x4.relaxed_madd');
  });
  expect(WebAssembly.validate(module.build())).toBe(hasRelaxedSimd);
});
