/** What has no names (a promise whose `await` was forgotten, a Set, a date) is no empty container. */

import * as nn from '@kindling/nn';
import { describe, expect, test } from 'vitest';

const nameless: Record<string, unknown> = {
  promise: Promise.resolve({ act: new nn.ReLU() }),
  set: new Set([new nn.ReLU()]),
  date: new Date(0),
  'regular expression': /a/,
  error: new Error('a'),
  URL: new URL('http://localhost/'),
};
const containers: Record<string, (values: never) => unknown> = {
  Sequential: (values) => new nn.Sequential(values),
  ModuleDict: (values) => new nn.ModuleDict(values),
  ParameterDict: (values) => new nn.ParameterDict(values),
};

describe.each(Object.keys(containers))('%s', (container) => {
  test.each(Object.keys(nameless))('refuses a %s', (kind) => {
    expect(() => containers[container]?.(nameless[kind] as never)).toThrow(
      new RegExp(`^${container}.*an object or a Map of names and values`),
    );
  });
});

test('objects of any class, without a prototype, and Maps have names', () => {
  class Layers {
    act = new nn.ReLU();
  }
  const bare = Object.assign(Object.create(null) as Record<string, nn.ReLU>, { act: new nn.ReLU() });
  const given = [new Layers(), bare, new Map([['act', new nn.ReLU()]])] as unknown[] as Record<
    string,
    nn.ReLU
  >[];
  for (const layers of given) expect([...new nn.ModuleDict(layers).keys()]).toEqual(['act']);
});
