/** PyTorch's namespaces, and where Kindling keeps what is in them. */
import * as core from '../../packages/core/src/index.ts';
import * as distributions from '../../packages/distributions/src/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';

interface Place {
  /** As a reader writes it before a name: `nn.F.`; empty for core's own exports. */
  readonly prefix: string;
  readonly names: ReadonlySet<string>;
}

export interface Namespace {
  readonly torch: string;
  /** Looked through in this order; the first is the namespace's counterpart. */
  readonly places: readonly Place[];
}

const place = (prefix: string, holder: object): Place => ({ prefix, names: new Set(Object.keys(holder)) });

const own = place('', core);
const F = place('nn.F.', nn.F);
const layers = place('nn.', nn);
const autograd = place('autograd.', core.autograd);
const func = place('func.', core.func);
const functional = place('autograd.functional.', core.autograd.functional);

/** What a tensor has: methods, and what is set on each one. */
const tensor: Place = {
  prefix: 'x.',
  names: new Set([
    ...Object.getOwnPropertyNames(core.Tensor.prototype).filter((name) => name !== 'constructor'),
    ...Object.keys(core.zeros([])).filter((name) => !name.startsWith('_')),
  ]),
};

export const namespaces: readonly Namespace[] = [
  { torch: 'torch', places: [own, F, layers] },
  { torch: 'torch.Tensor', places: [tensor] },
  { torch: 'torch.nn', places: [layers] },
  { torch: 'torch.nn.functional', places: [F, own] },
  { torch: 'torch.nn.init', places: [place('nn.init.', nn.init)] },
  { torch: 'torch.nn.utils', places: [place('nn.utils.', nn.utils)] },
  { torch: 'torch.nn.utils.rnn', places: [place('nn.utils.rnn.', nn.utils.rnn)] },
  { torch: 'torch.nn.utils.parametrize', places: [place('nn.utils.parametrize.', nn.utils.parametrize)] },
  {
    torch: 'torch.nn.utils.parametrizations',
    places: [place('nn.utils.parametrizations.', nn.utils.parametrizations)],
  },
  { torch: 'torch.nn.utils.prune', places: [] },
  { torch: 'torch.nn.attention', places: [] },
  { torch: 'torch.optim', places: [place('optim.', optim)] },
  { torch: 'torch.optim.lr_scheduler', places: [place('optim.lrScheduler.', optim.lrScheduler)] },
  {
    torch: 'torch.optim.swa_utils',
    places: [place('nn.swaUtils.', nn.swaUtils), place('optim.swaUtils.', optim.swaUtils)],
  },
  { torch: 'torch.linalg', places: [place('linalg.', core.linalg)] },
  { torch: 'torch.special', places: [place('special.', core.special), own] },
  { torch: 'torch.masked', places: [place('masked.', core.masked)] },
  { torch: 'torch.signal.windows', places: [place('signal.windows.', core.signal.windows)] },
  { torch: 'torch.fft', places: [] },
  { torch: 'torch.utils.data', places: [place('data.', core.data)] },
  { torch: 'torch.utils.checkpoint', places: [autograd] },
  { torch: 'torch.autograd', places: [autograd] },
  { torch: 'torch.autograd.functional', places: [functional] },
  { torch: 'torch.autograd.forward_ad', places: [] },
  { torch: 'torch.autograd.graph', places: [autograd] },
  { torch: 'torch.func', places: [func, functional] },
  { torch: 'torch.distributions', places: [place('distributions.', distributions)] },
  { torch: 'torch.random', places: [own] },
];

/** Every place by which a reader may be sent to a name. */
export const allPlaces: readonly Place[] = [
  ...new Map(namespaces.flatMap(({ places }) => places).map((p) => [p.prefix, p])).values(),
  place('io.', core.io),
  place(
    'Generator.',
    Object.fromEntries(Object.getOwnPropertyNames(core.Generator.prototype).map((n) => [n, 0])),
  ),
];
