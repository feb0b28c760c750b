import { findGlobal } from './globals.ts';
import { Machine, type Persistent } from './machine.ts';
import { op } from './opcodes.ts';
import { describe, PyDict, PyList, PyTuple, type PyValue } from './python.ts';

type Instruction = (m: Machine) => void;

const text =
  (width: 1 | 4 | 8): Instruction =>
  (m) =>
    m.push(m.reader.text(m.reader.uint(width)));

const bytes =
  (width: 1 | 4 | 8): Instruction =>
  (m) =>
    m.pushNew(m.reader.bytes(m.reader.uint(width)).slice());

/** What instructions do: all of protocols 1 to 5 but those that reach for other memory, or for classes by number. */
const instructions: ReadonlyMap<number, Instruction> = /* @__PURE__ */ new Map<number, Instruction>([
  [
    op.PROTO,
    (m) => {
      const version = m.reader.uint(1);
      if (version > 5) throw m.fail(`it is of protocol ${version}; known are 1 to 5`);
    },
  ],
  [op.FRAME, (m) => void m.reader.uint(8)],
  [op.MARK, (m) => m.mark()],
  [op.POP, (m) => m.drop()],
  [op.POP_MARK, (m) => void m.popMarked()],
  [op.DUP, (m) => m.push(m.top)],
  [op.NONE, (m) => m.push(null)],
  [op.NEWTRUE, (m) => m.push(true)],
  [op.NEWFALSE, (m) => m.push(false)],
  [op.BININT, (m) => m.push(m.reader.int32())],
  [op.BININT1, (m) => m.push(m.reader.uint(1))],
  [op.BININT2, (m) => m.push(m.reader.uint(2))],
  [op.LONG1, (m) => m.push(m.reader.integer(m.reader.uint(1)))],
  [op.LONG4, (m) => m.push(m.reader.integer(m.reader.uint(4)))],
  [op.BINFLOAT, (m) => m.push(m.reader.float64())],
  // Python 2 wrote its texts by these two.
  [op.SHORT_BINSTRING, text(1)],
  [op.BINSTRING, text(4)],
  [op.SHORT_BINUNICODE, text(1)],
  [op.BINUNICODE, text(4)],
  [op.BINUNICODE8, text(8)],
  [op.SHORT_BINBYTES, bytes(1)],
  [op.BINBYTES, bytes(4)],
  [op.BINBYTES8, bytes(8)],
  [op.BYTEARRAY8, bytes(8)],
  [op.EMPTY_TUPLE, (m) => m.tuple(0)],
  [op.TUPLE1, (m) => m.tuple(1)],
  [op.TUPLE2, (m) => m.tuple(2)],
  [op.TUPLE3, (m) => m.tuple(3)],
  [op.TUPLE, (m) => m.pushNew(new PyTuple(m.popMarked()))],
  [op.EMPTY_LIST, (m) => m.pushNew(new PyList())],
  [op.LIST, (m) => m.pushNew(new PyList(m.popMarked()))],
  [op.APPEND, (m) => m.append([m.pop()])],
  [op.APPENDS, (m) => m.append(m.popMarked())],
  [op.EMPTY_DICT, (m) => m.pushNew(new PyDict())],
  [op.SETITEM, (m) => m.setItem()],
  [op.SETITEMS, (m) => m.setItems(m.popMarked())],
  [op.EMPTY_SET, (m) => m.set([])],
  [op.ADDITEMS, (m) => m.addItems(m.popMarked())],
  [op.FROZENSET, (m) => m.set(m.popMarked())],
  [op.BINGET, (m) => m.recall(m.reader.uint(1))],
  [op.LONG_BINGET, (m) => m.recall(m.reader.uint(4))],
  [op.BINPUT, (m) => m.memoize(m.reader.uint(1))],
  [op.LONG_BINPUT, (m) => m.memoize(m.reader.uint(4))],
  [op.MEMOIZE, (m) => m.memoize()],
  [
    op.GLOBAL,
    (m) => {
      const module = m.reader.line();
      m.pushNew(findGlobal(module, m.reader.line(), m));
    },
  ],
  [
    op.STACK_GLOBAL,
    (m) => {
      const name = m.pop();
      const module = m.pop();
      if (typeof name !== 'string' || typeof module !== 'string')
        throw m.fail(`a global is named by ${describe(module)} and ${describe(name)}`);
      m.pushNew(findGlobal(module, name, m));
    },
  ],
  [op.BINPERSID, (m) => m.persistent()],
  [op.REDUCE, (m) => m.call()],
  [op.NEWOBJ, (m) => m.call()],
  [op.BUILD, (m) => m.build()],
]);

/** A pickle's value, and where it ends. */
interface Unpickled {
  readonly value: PyValue;
  readonly end: number;
}

/**
 * Reads the pickle that begins at `start`, as far as tensors and containers need it.
 * @throws ValueError where it is malformed, or asks for anything else
 */
export function unpickle(bytes: Uint8Array, where: string, persistent: Persistent, start = 0): Unpickled {
  const m = new Machine(bytes, where, persistent, start);
  while (true) {
    const code = m.reader.uint(1);
    if (code === op.STOP) return { value: m.result(), end: m.reader.position };
    const run = instructions.get(code);
    if (run === undefined) throw m.fail(`the instruction 0x${code.toString(16)} is unknown, or refused`);
    run(m);
  }
}
