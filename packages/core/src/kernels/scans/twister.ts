import {
  align16,
  ensureBytes,
  type FunctionBuilder,
  i32,
  i32Params,
  ModuleBuilder,
  once,
} from '../wasm/index.ts';

/** Words of the state, and how far ahead of a word that one stands which its successor is made of too. */
const N = 624;
const M = 397;

/** The words, one more, which is the first again, and what vectors read beyond. */
const stateBytes = align16(4 * N + 32);

interface TwisterKernel {
  /**
   * Gives `count` words of the state at an address, tempered: `ready` ones from number `next` on, and then those of
   * renewed states. Writes up to 12 bytes past them.
   */
  draw(state: number, next: number, ready: number, count: number, out: number): void;
}

/**
 * Makes successors of as many words as a vector has lanes, or of one: of those at `at`, and of others `far` bytes
 * behind.
 */
function emitTwist(f: FunctionBuilder, at: number, far: number, lanes: 1 | 4): void {
  const [second, twisted] = [f.local('v128'), f.local('v128')];
  f.get(at).load('v128.load').i32Splat(-0x80000000).op('v128.and');
  f.get(at).load('v128.load', 4).tee(second).i32Splat(0x7fffffff).op('v128.and').op('v128.or');
  f.i32Const(1).op('i32x4.shr_u').get(at).i32Const(far).op('i32.add').load('v128.load').op('v128.xor');
  f.i32Splat(0).get(second).i32Splat(1).op('v128.and').op('i32x4.sub').i32Splat(-0x66f74f21).op('v128.and');
  f.op('v128.xor').set(twisted).get(at).get(twisted);
  if (lanes === 4) f.store('v128.store');
  else f.accessLane('v128.store32_lane', 0);
  f.bump(at, { bytes: 4 * lanes });
}

/** Replaces words of the state on the stack by what is given for them. */
function emitTempered(f: FunctionBuilder): void {
  const y = f.local('v128');
  const mix = (shift: 'i32x4.shl' | 'i32x4.shr_u', distance: number, mask = -1): void => {
    f.tee(y).get(y).i32Const(distance).op(shift);
    if (mask !== -1) f.i32Splat(mask).op('v128.and');
    f.op('v128.xor');
  };
  mix('i32x4.shr_u', 11);
  mix('i32x4.shl', 7, -0x62d3a980);
  mix('i32x4.shl', 15, -0x103a0000);
  mix('i32x4.shr_u', 18);
}

/** The kernel, made when first needed. */
const twisterKernel = once((): TwisterKernel => {
  const module = new ModuleBuilder();
  const renew = module.define({ name: 'renew' }, i32Params('state'), (f, p) => {
    const { at, left } = f.locals('i32', 'at', 'left');
    const twist = (count: number, far: number): void => {
      f.i32Const(count).set(left);
      for (const lanes of [4, 1] as const) f.countdown(left, lanes, () => emitTwist(f, at, 4 * far, lanes));
    };
    f.get(p.state).set(at);
    twist(N - M, M);
    f.get(p.state)
      .get(p.state)
      .load('i32.load')
      .store('i32.store', 4 * N);
    twist(M, M - N);
  });
  module.define({ export: 'draw' }, i32Params('state', 'next', 'ready', 'count', 'out'), (f, p) => {
    const { from, run, left, to } = f.locals('i32', 'from', 'run', 'left', 'to');
    f.get(p.next).i32Const(4).op('i32.mul').get(p.state).op('i32.add').set(from);
    const done = f.block();
    const again = f.loop();
    f.putLeast(run, p.count, p.ready);
    f.get(run).i32Const(3).op('i32.add').set(left).get(p.out).set(to);
    f.countdown(left, 4, () => {
      f.get(to).get(from).load('v128.load');
      emitTempered(f);
      f.store('v128.store');
      for (const pointer of [from, to]) f.bump(pointer, { bytes: 16 });
    });
    f.pushPlace(p.out, run, 4).set(p.out);
    f.get(p.count).get(run).op('i32.sub').tee(p.count).op('i32.eqz').brIf(done);
    f.get(p.state).tee(from).call(renew);
    f.i32Const(N).set(p.ready).i32Const(1).brIf(again).end().end();
  });
  return module.instantiate<TwisterKernel>();
});

/**
 * The next `count` draws of a Mersenne twister (mt19937) of 32 bits each: those of the `ready` words of its state from
 * number `next` on, then those of the states that follow. `state` is renewed as often as that takes.
 */
export function twisterDraws(
  state: Int32Array,
  next: number,
  ready: number,
  out: Int32Array,
  count: number,
): void {
  ensureBytes(stateBytes + 4 * count + 16);
  const kernel = twisterKernel();
  i32.set(state);
  kernel.draw(0, next, ready, count, stateBytes);
  state.set(i32.subarray(0, N));
  out.set(i32.subarray(stateBytes / 4, stateBytes / 4 + count));
}
