/**
 * Options by which PyTorch chooses between its implementations of an update. Here is one, which is fused: of them one
 * alone does something.
 */
import { cannotCompile, K, Tensor, ValueError } from '@kindling/core';

/** What all of PyTorch's take that have several implementations. */
export interface ImplementationOptions {
  /** Taken for PyTorch's sake: its numbers are the same, and every update is fused here. Default: null, for either. */
  foreach?: boolean | null;
  /**
   * Record the step, so that gradients flow through it: from parameters and state after it to those before, and to the
   * gradients that it was made with. The parameters are then results, such as clones of leaves, and change in place.
   * Not compiled. Default: false.
   */
  differentiable?: boolean;
}

/** What those take besides that have a kernel for all of an update. */
export interface FusedOptions extends ImplementationOptions {
  /**
   * As {@link ImplementationOptions.foreach}; with it, or with `differentiable`, it is refused, as in PyTorch. Default:
   * null.
   */
  fused?: boolean | null;
}

/** What those take besides that can stand in a CUDA graph. */
export interface CapturableOptions extends ImplementationOptions {
  /** False is all that there is, without CUDA. Default: false. */
  capturable?: boolean;
}

const choice = /* @__PURE__ */ K.nullable(K.flag);

export const foreachKinds: K.Kinds<Pick<ImplementationOptions, 'foreach'>> = { foreach: choice };

const implementationKinds: K.Kinds<ImplementationOptions> = {
  ...foreachKinds,
  differentiable: K.flag,
};

export const fusedKinds: K.Kinds<FusedOptions> = { ...implementationKinds, fused: choice };

export const capturableKinds: K.Kinds<CapturableOptions> = {
  ...implementationKinds,
  capturable: /* @__PURE__ */ K.kind(
    'false, as there is no CUDA graph that a step could be captured in (compile() records steps)',
    (x) => x === false,
  ),
};

const unchosen: Required<FusedOptions> = { foreach: null, differentiable: false, fused: null };

/** What a state dict that has not one of them, as it comes of an earlier version, or not of this machine, means. */
export function ofSavedGroup(group: Record<string, unknown>, defaults: object): void {
  for (const [name, value] of Object.entries(unchosen))
    if (name in defaults && !(name in group)) group[name] = value;
  // It says where PyTorch keeps its counts, which come as numbers.
  if ('capturable' in defaults) group.capturable = false;
}

type Options = Readonly<Record<string, unknown>>;

/** Whether the steps of a group are recorded. */
export const isDifferentiable = (group: object): boolean => (group as Options).differentiable === true;

const requiresGradient = (held: unknown): boolean =>
  Array.isArray(held) && held.some((x) => x instanceof Tensor && x.requiresGrad);

/**
 * Checks them against each other.
 * @throws ValueError for `fused` with one of the others, and for a rate, or betas, of which gradients are asked where
 *   none come
 */
export function checkImplementation(caller: string, group: Options): void {
  if (isDifferentiable(group)) {
    const { lr, betas } = group;
    const [name] = Object.entries({ lr: [lr], betas }).find(([, held]) => requiresGradient(held)) ?? [];
    if (name !== undefined)
      throw new ValueError(
        `${caller}: ${name}: a step that is differentiable gives no gradient by its ${name === 'lr' ? 'rate' : name}; give it ` +
          (name === 'lr' ? 'lr.detach(), or lr.item()' : 'each beta.detach(), or beta.item()'),
      );
  }
  if (group.fused !== true) return;
  if (isDifferentiable(group))
    throw new ValueError(`${caller}: \`fused\` does not support \`differentiable\`; leave it out`);
  if (group.foreach === true)
    throw new ValueError(
      `${caller}: \`fused\` and \`foreach\` cannot be \`True\` together; leave either out`,
    );
}

/**
 * Looks before a step that is to be recorded whether it can be.
 * @throws ValueError for a leaf, CompileError where the step is being compiled
 */
export function requireDifferentiable(caller: string, params: readonly Tensor[]): void {
  cannotCompile(
    `${caller}: a step that is differentiable leaves a graph behind, which no program does; leave it outside of the compiled function`,
  );
  const leaf = params.findIndex((p) => p.isLeaf && p.requiresGrad);
  if (leaf < 0) return;
  throw new ValueError(
    `${caller}: differentiable: parameter ${leaf} is a leaf, of which a step in place cannot be recorded; give the optimizer what was ` +
      'computed of it, such as leaf.clone()',
  );
}
