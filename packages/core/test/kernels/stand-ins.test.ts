/** What kernels are told of memory that is not there yet: arrays of which nobody sees an element, and what is done to them. */
import { describe, expect, it } from 'vitest';
import {
  dtypeOf,
  InJavaScript,
  mayLook,
  NotLowered,
  placeOf,
  Recorder,
  Room,
  recordCall,
  recordKernels,
  runCall,
  standIn,
  worksInJavaScript,
} from '../../src/kernels/recording/index.ts';
import type { Strided } from '../../src/kernels/strided/index.ts';

const area = { dtype: 'float32', length: 24 } as const;

describe('an array that stands for an area', () => {
  const array = standIn(area);

  it('is one for each area, and says how long it is', () => {
    expect(standIn(area) === array).toBe(true);
    expect(standIn({ ...area }) === array).toBe(false);
    expect([array.length, array.byteLength, array.byteOffset, array.BYTES_PER_ELEMENT]).toEqual([
      24, 96, 0, 4,
    ]);
    expect(placeOf(array)).toEqual({ area, start: 0 });
  });

  it('has parts, which are where they are in the area', () => {
    const part = array.subarray(5, 17).subarray(2, 6);
    expect([part.length, part.byteLength, part.byteOffset]).toEqual([4, 16, 28]);
    expect(placeOf(part)).toEqual({ area, start: 7 });
    expect(placeOf(part).area).toBe(area);
    expect(part.buffer).toBe(array.buffer);
    expect([array.subarray().length, array.subarray(20).length]).toEqual([24, 4]);
  });

  it('shows no element, and takes none', () => {
    const writing = (): void => {
      array[0] = 1;
    };
    for (const look of [
      () => array[0],
      writing,
      () => 0 in array,
      () => [...array],
      () => Object.keys(array),
      () => Object.getOwnPropertyDescriptor(array, '0'),
      () => array.slice(),
      () => array.fill(0),
      () => array.set([1]),
    ]) {
      expect(look).toThrow(NotLowered);
      expect(look).toThrow(/its kernel works on elements in JavaScript/);
    }
  });

  it('is told from arrays that have elements', () => {
    expect(() => placeOf(new Float32Array(3))).toThrow(NotLowered);
    expect(() => placeOf(new Float32Array(3))).toThrow('its kernel takes memory that is not of the program');
  });
});

describe('while kernels are taken down', () => {
  const taken = (run: (recorder: Recorder) => void): Recorder['kernels'] => {
    const recorder = new Recorder();
    recordKernels(recorder, () => run(recorder));
    return recorder.kernels;
  };
  const callee = (): number => 0;

  it('none may look at elements, nor work on them', () => {
    expect(mayLook()).toBe(true);
    worksInJavaScript('nothing to say');
    taken(() => {
      expect(mayLook()).toBe(false);
      expect(() => worksInJavaScript('draws')).toThrow(InJavaScript);
      expect(dtypeOf(standIn({ dtype: 'bool', length: 1 }))).toBe('bool');
    });
    expect(dtypeOf(new Uint8Array(1))).toBe('uint8');
    expect(mayLook()).toBe(true);
  });

  it('a call writes its last array and reads the others, unless it is said otherwise', () => {
    const [x, y, z] = [standIn(area), standIn({ ...area }), standIn({ ...area })];
    const areas = [x, y, z].map((array) => placeOf(array).area);
    const [plain, said, roomy] = taken(() => {
      recordCall('plain', callee, [x, 3, y.subarray(2), z]);
      recordCall('said', callee, [x, y, z], { writes: [x, y], keeps: [y], checks: true });
      expect(runCall('roomy', callee, [x, new Room('float64', 5), z])).toBe(true);
    });
    expect(plain).toMatchObject({
      types: ['i32', 'i32', 'i32', 'i32'],
      checks: false,
      rows: null,
      keeps: [],
    });
    if (plain?.kind !== 'call' || said?.kind !== 'call' || roomy?.kind !== 'call')
      throw new Error('three calls');
    expect(plain.args).toEqual([
      { area: areas[0], bytes: 0 },
      3,
      { area: areas[1], bytes: 8 },
      { area: areas[2], bytes: 0 },
    ]);
    expect([plain.reads, plain.writes]).toEqual([areas.slice(0, 2), areas.slice(2)]);
    expect([said.reads, said.writes, said.keeps]).toEqual([areas.slice(2), areas.slice(0, 2), [areas[1]]]);
    expect(said.checks).toBe(true);
    // A room is written and nothing else: what was in it is of no matter.
    const [room, last] = roomy.writes;
    expect(room).toMatchObject({ dtype: 'float64', length: 5 });
    expect(last).toBe(areas[2]);
    expect(roomy.reads).toEqual([areas[0]]);
  });

  it('an argument that is neither read nor written is an error: its place would be given to others', () => {
    const [x, y] = [standIn(area), standIn({ ...area })];
    taken((recorder) => {
      const call = (): void =>
        recorder.call('lost', callee, ['i32'], [recorder.address(x)], { reads: [], writes: [y] });
      expect(call).toThrow('lost: an argument is neither read nor written');
    });
  });

  it('elements are where they lie, or a copy of them', () => {
    const strided = (shape: number[], strides: number[], offset: number, dense: boolean): Strided => ({
      ...{ storage: { array: standIn(area) }, shape, strides, offset, dtype: 'float32' },
      ...{ count: shape.reduce((a, b) => a * b, 1), dense },
    });
    const kernels = taken((recorder) => {
      expect(recorder.elements(strided([4, 6], [6, 1], 0, true)) === standIn(area)).toBe(true);
      const row = recorder.elements(strided([6], [1], 6, true));
      expect([placeOf(row).start, row.length]).toEqual([6, 6]);
      // Neither all of the area nor behind its beginning.
      expect(recorder.elements(strided([6], [1], 0, true)).length).toBe(6);
      const turned = recorder.elements(strided([6, 4], [1, 6], 0, false));
      expect(placeOf(turned).area).not.toBe(area);
      expect(turned.length).toBe(24);
      expect(recorder.elements(strided([6], [1], 0, true), [3, 6]).length).toBe(18);
    });
    expect(kernels.map(({ kind }) => kind)).toEqual(['copy', 'copy']);
    expect(kernels[1]).toMatchObject({ from: { strides: [0, 1] }, to: { strides: [6, 1], dense: true } });
  });
});
