import { int32, noGrad, ones, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, expectTypeOf, it } from 'vitest';

class Net extends nn.Module<[Tensor], Tensor> {
  hidden = new nn.Linear(2, 3);
  norm = new nn.BatchNorm1d(3);
  scale = new nn.Parameter(ones([1]));

  override forward(x: Tensor): Tensor {
    return this.norm(this.hidden(x)).mul(this.scale);
  }
}

describe('a module is called', () => {
  it('runs forward, with the class as its type and its prototype', () => {
    const net = new Net();
    expect(typeof net).toBe('function');
    expect(net).toBeInstanceOf(Net);
    expect(net).toBeInstanceOf(nn.Module);
    expect(net(randn([4, 2])).shape).toEqual([4, 3]);
    expectTypeOf(net).toBeCallableWith(ones([1]));
    expectTypeOf(net(ones([4, 2]))).toEqualTypeOf<Tensor>();
  });

  it('passes all arguments and any result on', () => {
    class Pair extends nn.Module<[number, { by: number }], { result: number }> {
      override forward(x: number, { by }: { by: number }): { result: number } {
        return { result: x * by };
      }
    }
    expect(new Pair()(3, { by: 4 })).toEqual({ result: 12 });
  });

  it('calls the forward of the most derived class, which may call super', () => {
    class Doubled extends nn.Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const layer = new Doubled(2, 2);
    const plain = new nn.Linear(2, 2);
    plain.loadStateDict(layer.stateDict());
    const x = randn([3, 2]);
    expect(layer(x).toArray()).toEqual(plain(x).mul(2).toArray());
    expect(String(layer)).toBe('Doubled(in_features=2, out_features=2, bias=True)');
  });

  it('says what is missing where there is no forward', () => {
    class Hollow extends nn.Module<[], void> {}
    expect(() => new Hollow()()).toThrow('Module [Hollow] is missing the required "forward" function');
  });

  it("leaves a function's own names to the user", () => {
    class Named extends nn.Module<[], void> {
      override name = 'field';
      weight = new nn.Parameter(zeros([1]));
      override length = new nn.Parameter(zeros([2]));
    }
    const named = new Named();
    expect(named.name).toBe('field');
    expect(named.namedParameters().map(([name]) => name)).toEqual(['weight', 'length']);
    const plain = new nn.Module() as unknown as Record<string, unknown>;
    plain.name = 'assigned';
    expect(plain.name).toBe('assigned');
    expect('length' in plain).toBe(false);
  });
});

describe('registration', () => {
  it('finds what is assigned, replaced and deleted', () => {
    const net = new Net() as Net & { extra?: nn.Module };
    const names = () => net.namedParameters().map(([name]) => name);
    expect(names()).toEqual(['scale', 'hidden.weight', 'hidden.bias', 'norm.weight', 'norm.bias']);
    net.extra = new nn.Linear(1, 1, { bias: false });
    expect(names().at(-1)).toBe('extra.weight');
    const other = new nn.Linear(2, 3);
    net.hidden = other;
    expect(net.parameters()[1]).toBe(other.weight);
    delete net.extra;
    expect(net.namedChildren().map(([name]) => name)).toEqual(['hidden', 'norm']);
  });

  it('lists parameters, buffers and modules in the order of PyTorch', () => {
    const net = new nn.Sequential(new Net(), new nn.ReLU());
    expect(net.namedModules().map(([name]) => name)).toEqual(['', '0', '0.hidden', '0.norm', '1']);
    expect(net.namedBuffers().map(([name]) => name)).toEqual([
      '0.norm.running_mean',
      '0.norm.running_var',
      '0.norm.num_batches_tracked',
    ]);
    expect(net.parameters({ recurse: false })).toEqual([]);
    expect(net.namedParameters({ prefix: 'model' })[0]![0]).toBe('model.0.scale');
    expect(net.modules()).toHaveLength(5);
    expect(net.children()).toHaveLength(2);
  });

  it('lists what is shared once, and under each name where asked', () => {
    class Tied extends nn.Module {
      encoder = new nn.Linear(3, 3);
      decoder = new nn.Linear(3, 3);
    }
    const net = new Tied();
    net.decoder.weight = net.encoder.weight;
    expect(net.parameters()).toHaveLength(3);
    expect(net.namedParameters({ removeDuplicate: false }).map(([name]) => name)).toEqual([
      'encoder.weight',
      'encoder.bias',
      'decoder.weight',
      'decoder.bias',
    ]);
    expect(Object.keys(net.stateDict())).toHaveLength(4);
  });

  it('lists a parameter or a buffer that several modules have once, under its first name, and saves it under each', () => {
    class Tied extends nn.Module<[Tensor], Tensor> {
      one = new nn.BatchNorm1d(2);
      other = new nn.BatchNorm1d(2);
      again = this.one.weight;
    }
    const net = new Tied();
    net.other.weight = net.one.weight;
    net.other.runningMean = net.one.runningMean;
    const names = (all: readonly [string, unknown][]): string[] => all.map(([name]) => name);
    const parameters = ['again', 'one.bias', 'other.bias'];
    expect(names(net.namedParameters())).toEqual(parameters);
    expect(net.parameters().map((p) => p === net.again)).toEqual([true, false, false]);
    expect(names(net.namedBuffers())).toEqual([
      'one.running_mean',
      'one.running_var',
      'one.num_batches_tracked',
      'other.running_var',
      'other.num_batches_tracked',
    ]);
    expect(net.buffers()).toHaveLength(5);
    expect(names(net.namedParameters({ removeDuplicate: false }))).toEqual([
      'again',
      'one.weight',
      'one.bias',
      'other.weight',
      'other.bias',
    ]);
    expect(net.namedBuffers({ removeDuplicate: false })).toHaveLength(6);
    expect(names(net.namedParameters({ recurse: false, prefix: 'net' }))).toEqual(['net.again']);
    expect(Object.keys(net.stateDict())).toHaveLength(11);
  });

  it('takes buffers and names known only at run time', () => {
    const net = new nn.Module();
    net.registerBuffer('total', zeros([2]));
    net.registerBuffer('scratch', zeros([1]), { persistent: false });
    net.registerBuffer('none', null);
    net.registerParameter('w', new nn.Parameter(ones([2])));
    net.registerModule('child', new nn.ReLU());
    expect(net.namedBuffers().map(([name]) => name)).toEqual(['total', 'scratch']);
    expect(Object.keys(net.stateDict())).toEqual(['w', 'total']);
    (net as unknown as { total: Tensor }).total = ones([2]);
    expect(net.getBuffer('total').toArray()).toEqual([1, 1]);
  });

  it('refuses names and values that do not fit', () => {
    const net = new Net();
    expect(() => net.registerBuffer('hidden', ones([1]))).toThrow("attribute 'hidden' already exists");
    Object.assign(net, { table: zeros([2]) });
    expect(() => net.registerBuffer('table', zeros([2]))).toThrow(
      "attribute 'table' already exists; write this.table = this.registerBuffer('table', x), and assign nothing before",
    );
    expect(() => net.registerBuffer('a.b', ones([1]))).toThrow('buffer name can\'t contain "."');
    expect(() => net.registerModule('', new nn.ReLU())).toThrow('module name can\'t be empty string ""');
    expect(() => net.registerModule('forward', new nn.ReLU())).toThrow("attribute 'forward' already exists");
    expect(() => net.registerModule('x', 3 as unknown as nn.Module)).toThrow('3 is not a Module subclass');
    expect(() => net.registerParameter('w', ones([1]) as nn.Parameter)).toThrow(
      "cannot assign a Tensor of shape [1] to parameter 'w' (nn.Parameter or null required)",
    );
  });

  it('finds members by dotted name', () => {
    const net = new nn.Sequential(new Net());
    expect(net.getSubmodule('0.hidden')).toBe((net[0] as Net).hidden);
    expect(net.getSubmodule('')).toBe(net);
    expect(net.getParameter('0.hidden.weight')).toBe((net[0] as Net).hidden.weight);
    expect(net.getBuffer('0.norm.running_mean').shape).toEqual([3]);
    expect(() => net.getSubmodule('0.q')).toThrow('Net has no attribute `q`');
    expect(() => net.getParameter('0.hidden.inFeatures')).toThrow(
      '`inFeatures` of Linear is not an nn.Parameter',
    );
  });
});

describe('changing a module', () => {
  it('sets training mode everywhere', () => {
    const net = new nn.Sequential(new Net(), new nn.Dropout());
    expect(net.eval()).toBe(net);
    expect(net.modules().every((m) => !m.training)).toBe(true);
    expect(
      net
        .train()
        .modules()
        .every((m) => m.training),
    ).toBe(true);
  });

  it('freezes, and drops gradients', () => {
    const net = new nn.Linear(2, 1);
    net(ones([1, 2]))
      .sum()
      .backward();
    expect(net.weight.grad!.toArray()).toEqual([[1, 1]]);
    net.zeroGrad({ setToNone: false });
    expect(net.weight.grad!.toArray()).toEqual([[0, 0]]);
    net.zeroGrad();
    expect(net.weight.grad).toBeNull();
    net.requiresGrad_(false);
    expect(net(ones([1, 2])).requiresGrad).toBe(false);
  });

  it('applies a function to children before parents', () => {
    const seen: string[] = [];
    new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Tanh()).apply((m) =>
      seen.push(m.constructor.name),
    );
    expect(seen).toEqual(['ReLU', 'Sequential', 'Tanh', 'Sequential']);
    // A function of any module is written with `nn.Module`, as in PyTorch, whatever the modules take and give.
    const count = (m: nn.Module): void => void seen.push(`${m.parameters().length}`);
    new nn.LSTM(1, 2).apply(count);
    expect(seen.at(-1)).toBe('4');
  });

  it('converts dtypes in place, leaving integer buffers alone', () => {
    const net = new Net();
    const { weight } = net.hidden;
    const before = weight.toArray();
    net(ones([4, 2]))
      .sum()
      .backward();
    expect(net.double()).toBe(net);
    expect(net.hidden.weight).toBe(weight);
    expect([weight.dtype, weight.grad!.dtype, net.norm.runningMean!.dtype]).toEqual(Array(3).fill('float64'));
    expect(net.norm.numBatchesTracked!.dtype).toBe(int32);
    expect(weight.toArray()).toEqual(before);
    expect(net(ones([4, 2], { dtype: 'float64' })).dtype).toBe('float64');
    expect(net.float().hidden.weight.dtype).toBe('float32');
    expect(() => net.to('int32')).toThrow('nn.Module.to only accepts floating point dtypes');
  });

  it.each([0, 1, 2])('that converts dtypes is noticed by what was recorded %d changes before', (changes) => {
    const net = new nn.Linear(2, 1);
    const y = net.weight.square().sum();
    for (let i = 0; i < changes; i++) noGrad(() => net.weight.add_(1));
    net.double();
    expect(() => y.backward()).toThrow(/modified by an inplace operation/);
  });

  it('converts parameters that are views with their layout', () => {
    const net = new nn.Module();
    net.registerParameter(
      'w',
      new nn.Parameter(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { dtype: 'float32' },
        ).t(),
      ),
    );
    net.double();
    expect(net.getParameter('w').toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });
});

describe('hooks', () => {
  it('see and replace input and output, and go when removed', () => {
    const net = new nn.Linear(1, 1);
    noGrad(() => {
      net.weight.fill_(2);
      net.bias!.fill_(0);
    });
    const seen: string[] = [];
    const pre = net.registerForwardPreHook((module, [x]) => {
      seen.push(module === net ? 'pre' : '');
      return x.add(1);
    });
    const post = net.registerForwardHook((_, input, output) => {
      seen.push(`post ${input[0].item()} ${output.item()}`);
      return output.mul(10);
    });
    expect(net(ones([1])).item()).toBe(40);
    expect(seen).toEqual(['pre', 'post 2 4']);
    net.registerForwardHook(() => void seen.push('first'), { prepend: true });
    net(ones([1]));
    expect(seen.slice(2)).toEqual(['pre', 'first', 'post 2 4']);
    pre.remove();
    post.remove();
    expect(net(ones([1])).item()).toBe(2);
  });

  it('see the gradients of inputs and outputs together, and may replace them', () => {
    const net = new nn.Bilinear(1, 1, 1, { bias: false });
    noGrad(() => net.weight.fill_(3));
    const a = tensor([[2]], { dtype: 'float32', requiresGrad: true });
    const b = tensor([[5]], { dtype: 'float32' });
    const seen: unknown[] = [];
    const handle = net.registerFullBackwardHook((_, gradInput, gradOutput) => {
      seen.push(
        gradInput.map((g) => g?.item() ?? null),
        gradOutput.map((g) => g?.item() ?? null),
      );
      return gradInput.map((g) => g?.mul(2) ?? null);
    });
    net(a, b).mul(7).sum().backward();
    expect(seen).toEqual([[105, null], [7]]);
    expect(a.grad!.item()).toBe(210);
    expect(net.weight.grad!.item()).toBe(70);
    handle.remove();
    a.grad = null;
    net(a, b).sum().backward();
    expect(a.grad!.item()).toBe(15);
  });

  it('run on backward even where no input wants a gradient', () => {
    const net = new nn.Linear(1, 1);
    const seen: unknown[] = [];
    net.registerFullBackwardHook((_, gradInput, gradOutput) => {
      seen.push(
        gradInput,
        gradOutput.map((g) => g!.toArray()),
      );
    });
    net(ones([1, 1]))
      .sum()
      .backward();
    expect(seen).toEqual([[null], [[[1]]]]);
  });
});

describe('Parameter', () => {
  it('shares memory, is a leaf, and gives plain tensors', () => {
    const x = ones([2]);
    const p = new nn.Parameter(x);
    expect(p.isLeaf && p.requiresGrad).toBe(true);
    noGrad(() => p.mul_(3));
    expect(x.toArray()).toEqual([3, 3]);
    expect(p.mul(1)).not.toBeInstanceOf(nn.Parameter);
    expect(new nn.Parameter(p.mul(2)).isLeaf).toBe(true);
    expect(new nn.Parameter(ones([1]), { requiresGrad: false }).requiresGrad).toBe(false);
  });

  it('refuses integers unless they want no gradient', () => {
    expect(() => new nn.Parameter(tensor([1]))).toThrow('Only Tensors of floating point');
    expect(new nn.Parameter(tensor([1]), { requiresGrad: false }).dtype).toBe(int32);
  });
});
