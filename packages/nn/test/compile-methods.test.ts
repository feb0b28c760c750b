/** A program takes the methods of its modules for given: those of the class, and those that are set in front of them. */
import { noGrad, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits } from '../../core/test/support/compiled.ts';

/** A class of its own for each test, which may change it. */
const netOf = () =>
  class Net extends nn.Module<[Tensor], Tensor> {
    layer = new nn.Linear(2, 2);

    scaled(x: Tensor): Tensor {
      return x.mul(2);
    }

    override forward(x: Tensor): Tensor {
      return this.scaled(this.layer(x));
    }
  };
type Class = ReturnType<typeof netOf>;

const changes: Readonly<Record<string, (net: InstanceType<Class>, of: Class) => void>> = {
  'another forward of a layer': ({ layer }) => {
    layer.forward = (x) => x.mul(3);
  },
  'another forward of the model': (net) => {
    net.forward = (x) => net.layer(x).mul(3);
  },
  'another method that its forward calls': (net) => {
    net.scaled = (x) => x.mul(3);
  },
  'another method of the class': (_, { prototype }) => {
    prototype.scaled = (x) => x.mul(3);
  },
};

describe('a program is told of', () => {
  it.each(Object.entries(changes))('%s', (_, change) => {
    const fn = expectSameBits(() => {
      const Net = netOf();
      const net = new Net();
      return {
        call: (x: Tensor) => noGrad(() => net(x)),
        argumentsOf: (call) => {
          // Tests are joined by then.
          if (call === 12) change(net, Net);
          return [randn([3, 2])];
        },
      };
    }, 16);
    expect(fn.programs).toHaveLength(2);
  });
});
