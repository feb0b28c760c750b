import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ValueSchema } from '@bufbuild/protobuf/wkt';
import { Tensor, ValueError } from '@kindling/core';
import { HParamsPluginDataSchema } from '../proto/index.ts';
import type { HparamValue } from './hparam-value.ts';
import { bytesOf, pluginValue, type Value } from './message.ts';

type ProtobufValue = Omit<MessageInitShape<typeof ValueSchema>, '$typeName'>;

function valueOf(x: HparamValue): ProtobufValue {
  if (typeof x === 'number') return { kind: { case: 'numberValue', value: x } };
  if (typeof x === 'boolean') return { kind: { case: 'boolValue', value: x } };
  return { kind: { case: 'stringValue', value: x } };
}

const typeOf = (x: HparamValue): number => ({ string: 1, boolean: 2, number: 3 })[typeof x as 'string'];

const plainOf = (x: HparamValue | Tensor): HparamValue => (x instanceof Tensor ? x.item() : x);

/**
 * The three values by which TensorBoard knows a session: what there is, what was chosen, and that it has ended well.
 * @throws ValueError for choices of what is no hyperparameter, or of another type
 */
export function hparamsOf(
  caller: string,
  hparams: Readonly<Record<string, HparamValue | Tensor | null>>,
  metrics: readonly string[],
  choices: Readonly<Record<string, readonly HparamValue[]>>,
): Value[] {
  const given = Object.entries(hparams).flatMap(([name, x]) =>
    x === null ? [] : [[name, plainOf(x)] as const],
  );
  const known = new Map(given);
  for (const [name, values] of Object.entries(choices)) {
    const type = typeof known.get(name);
    if (!known.has(name) || !values.every((x) => typeof x === type)) {
      const expected = known.has(name)
        ? `values of type ${type}, as the one that was chosen`
        : `one of ${[...known.keys()].join(', ') || 'no'} hyperparameters`;
      throw new ValueError(`${caller}: hparamDomainDiscrete: ${name}: expected ${expected}`);
    }
  }
  const value = (name: string, data: MessageInitShape<typeof HParamsPluginDataSchema>['data']): Value =>
    pluginValue(
      `_hparams_/${name}`,
      'hparams',
      bytesOf(HParamsPluginDataSchema, { version: 0, ...(data && { data }) }),
      null,
    );
  return [
    value('experiment', {
      case: 'experiment',
      value: {
        hparamInfos: given.map(([name, x]) => ({
          name,
          type: typeOf(x),
          ...(choices[name] && { domainDiscrete: { values: choices[name].map(valueOf) } }),
        })),
        metricInfos: metrics.map((tag) => ({ name: { tag } })),
      },
    }),
    value('session_start_info', {
      case: 'sessionStartInfo',
      value: { hparams: Object.fromEntries(given.map(([name, x]) => [name, valueOf(x)])) },
    }),
    value('session_end_info', { case: 'sessionEndInfo', value: { status: 1 } }),
  ];
}
