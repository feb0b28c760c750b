/** The layers of a model as they are called, in order, and what is counted of each. */
import { Tensor } from '@kindling/core';
import { MultiheadAttention } from '../layers/index.ts';
import type { AnyModule } from '../module/callable.ts';
import type { RemovableHandle } from '../module/hooks/index.ts';
import type { Parameter } from '../module/parameter.ts';
import { partsOf } from '../module/registry.ts';

/** A layer where it stands in its model. */
interface Place {
  readonly module: AnyModule;
  /** Its name in the layer that holds it. */
  readonly name: string;
  readonly depth: number;
  readonly parent: Place | null;
}

/** Which layer a row is about. */
export interface Row {
  /** Its name in the layer that holds it; of the model itself `''`. */
  readonly name: string;
  /** Its dotted name in the model. */
  readonly path: string;
  /** How many layers stand around it. */
  readonly depth: number;
  /** Its number among those of its depth, from 1. */
  readonly index: number;
  /** Whether it holds no layers. */
  readonly isLeaf: boolean;
  /** Whether it has a row above: it is used a second time. */
  readonly recursive: boolean;
}

/** What is counted of a layer in one of its calls. */
export interface Layer extends Row {
  readonly module: AnyModule;
  inputSize: readonly number[];
  outputSize: readonly number[];
  outputBytes: number;
  multAdds: number;
}

/** Where the layers of a model stand, those that stand in several places more than once. */
function placesOf(model: AnyModule): Place[] {
  const places: Place[] = [];
  const walk = (place: Place, around: readonly AnyModule[]): void => {
    places.push(place);
    // PyTorch's attention reads the weights of its output layer and does not call it.
    if (place.module instanceof MultiheadAttention) return;
    const within = [...around, place.module];
    for (const [name, module] of partsOf(place.module).children)
      if (!within.includes(module)) walk({ module, name, depth: place.depth + 1, parent: place }, within);
  };
  walk({ module: model, name: '', depth: 0, parent: null }, []);
  return places;
}

const pathOf = ({ name, parent }: Place): string => {
  const path = parent === null ? '' : pathOf(parent);
  return path === '' ? name : `${path}.${name}`;
};

/** The first tensor in what goes into or comes out of a layer. */
function firstTensor(value: unknown): Tensor | null {
  if (value instanceof Tensor) return value;
  if (typeof value !== 'object' || value === null) return null;
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    const found = firstTensor(part);
    if (found !== null) return found;
  }
  return null;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/**
 * Multiply-adds as torchinfo counts them: each weight is used once for each sample, by convolutions once for each place
 * of the result, by recurrent layers once for each sample and step. What is no parameter (attention between queries and
 * keys) counts nothing.
 */
function multAddsOf(module: AnyModule, outputSize: readonly number[]): number {
  const [samples = 1, ...others] = outputSize;
  let sum = 0;
  for (const [name, { count }] of module.namedParameters()) {
    if (name === 'weight' || name === 'bias') {
      const places = module.constructor.name.includes('Conv') ? product(others.slice(1)) : 1;
      sum += count * samples * places;
    } else if (/weight|bias/.test(name)) sum += count * product(outputSize.slice(0, 2));
  }
  return sum;
}

/** Writes down the layers of a model, in order. */
export class Layers {
  readonly found: Layer[] = [];
  readonly #places: readonly Place[];
  readonly #counts: number[] = [];
  readonly #seen = new Set<AnyModule>();
  /** The layers around the last one, by depth. */
  #open: AnyModule[] = [];

  constructor(model: AnyModule) {
    this.#places = placesOf(model);
  }

  /** Adds a layer, and before it what holds it and is not there: lists of layers are never called. */
  #add(place: Place): Layer {
    if (place.parent !== null && place.depth > 1 && this.#open[place.depth - 1] !== place.parent.module)
      this.#add(place.parent);
    const { module, name, depth } = place;
    const index = (this.#counts[depth] ?? 0) + 1;
    this.#counts[depth] = index;
    const layer: Layer = {
      ...{ module, name, path: pathOf(place), depth, index },
      isLeaf: partsOf(module).children.length === 0,
      recursive: this.#seen.has(module),
      ...{ inputSize: [], outputSize: [], outputBytes: 0, multAdds: 0 },
    };
    this.#seen.add(module);
    this.#open = [...this.#open.slice(0, depth), module];
    this.found.push(layer);
    return layer;
  }

  /** Adds all layers as they stand, uncalled. */
  addAll(): void {
    for (const place of this.#places) this.#add(place);
  }

  /** Adds layers as they are called, until the handles are removed. */
  watch(): RemovableHandle[] {
    const running: Layer[] = [];
    // Of a layer that stands in several places the last one counts, as in torchinfo.
    const places = new Map(this.#places.map((place) => [place.module, place]));
    return [...places.values()].flatMap((place) => [
      place.module.registerForwardPreHook(() => {
        running.push(this.#add(place));
      }),
      place.module.registerForwardHook((module: AnyModule, input: unknown, output: unknown) => {
        const layer = running.pop();
        if (layer === undefined) return;
        const y = firstTensor(output);
        layer.inputSize = firstTensor(input)?.shape ?? [];
        layer.outputSize = y?.shape ?? [];
        layer.outputBytes = y === null ? 0 : y.count * y.elementSize();
        layer.multAdds = layer.isLeaf ? multAddsOf(module, layer.outputSize) : 0;
      }),
    ]);
  }
}

/** How many numbers parameters hold, how many of these are trained, and their bytes. */
export function countOf(parameters: readonly Parameter[]): { all: number; trainable: number; bytes: number } {
  const sum = { all: 0, trainable: 0, bytes: 0 };
  for (const p of parameters) {
    sum.all += p.count;
    if (p.requiresGrad) sum.trainable += p.count;
    sum.bytes += p.count * p.elementSize();
  }
  return sum;
}
