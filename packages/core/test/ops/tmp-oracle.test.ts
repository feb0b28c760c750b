import * as kindling from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { type Entry, readFixture } from '../oracle/fixture.ts';
import { failuresOf } from '../oracle/operations.ts';
import { operationOf } from '../oracle/table.ts';
import * as a from '../../src/ops/views.ts';
import * as b from '../../src/ops/parts.ts';
import * as c from '../../src/ops/indexing.ts';
import * as d from '../../src/ops/gather.ts';
import * as e from '../../src/ops/scatter.ts';
import * as f from '../../src/ops/masked.ts';
import * as g from '../../src/ops/index-along.ts';
import * as h from '../../src/ops/joining.ts';
import * as i from '../../src/ops/rearrange.ts';
import * as j from '../../src/ops/pad.ts';
import * as k from '../../src/ops/sorting.ts';
import * as l from '../../src/ops/counting.ts';
import * as m from '../../src/ops/triangle.ts';
import * as n from '../../src/ops/nonzero.ts';
const proto = kindling.Tensor.prototype as any;
if (!proto.requiresGrad_) proto.requiresGrad_ = function (v = true) { this.leafRequiresGrad = v; return this; };
const root = { ...kindling, ...a, ...b, ...c, ...d, ...e, ...f, ...g, ...h, ...i, ...j, ...k, ...l, ...m, ...n };
for (const family of ['views', 'indexing']) {
  const { entries } = readFixture<Entry>(new URL(`../fixtures/ops/${family}`, import.meta.url));
  describe(family, () => {
    for (const entry of entries) {
      it(`${entry.op} ${entry.variant} ${entry.dtype}`, () => {
        const op = operationOf(entry.op, entry.variant);
        if (!op) throw new Error('no entry');
        const entry2 = op.methodOnly ? entry : { ...entry, method: false };
        const r = failuresOf(entry2 as Entry, op, root, {}); if (r) throw r;
      });
    }
  });
}
