/** Relaxed SIMD, which engines have or have not. */

import { ModuleBuilder } from './module-builder.ts';

function validatesRelaxedSimd(): boolean {
  if (typeof WebAssembly === 'undefined') return false;
  const probe = new ModuleBuilder();
  probe.addFunction({ params: ['v128'], results: ['v128'] }, (f) => {
    f.get(0).get(0).get(0).op('f32x4.relaxed_madd');
  });
  return WebAssembly.validate(probe.build());
}

/** Whether the engine runs relaxed SIMD, and with it fused multiply-add (Node 20 does not). */
export const hasRelaxedSimd: boolean = validatesRelaxedSimd();
