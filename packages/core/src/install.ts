/** How functions become methods of Tensor; which do is said by `methods.ts`. */
import { tensorMark } from './arguments/explain.ts';
import { refuseExcess } from './arguments/index.ts';
import { calledAs } from './errors.ts';
import { Tensor } from './tensor.ts';

type AnyMethod = (x: Tensor, ...args: unknown[]) => unknown;

/**
 * A function as a method, in whose errors it has the method's name. Named parameters, as far as they go: a rest
 * parameter would allocate an array at each call.
 */
function asMethod(
  name: string,
  f: AnyMethod,
): (this: Tensor, a?: unknown, b?: unknown, c?: unknown) => unknown {
  return function (this: Tensor, a?: unknown, b?: unknown, c?: unknown) {
    const given = arguments;
    try {
      switch (given.length) {
        case 0:
          return f(this);
        case 1:
          return f(this, a);
        case 2:
          return f(this, a, b);
        case 3:
          return f(this, a, b, c);
        default:
          return f(this, ...given);
      }
    } catch (error) {
      throw calledAs(name, error);
    }
  };
}

/** The members that take nothing. */
const questions = new Set(
  'item toArray tolist numel dim isContiguous elementSize isFloatingPoint isInference float double int long byte bool'.split(
    ' ',
  ),
);

/** A method without arguments, which refuses any. */
const question = (name: string, f: AnyMethod) =>
  function (this: Tensor): unknown {
    if (arguments.length > 0) refuseExcess(name, [], arguments);
    return f.call(this, this);
  };

export function install(name: string | symbol, value: unknown): void {
  Object.defineProperty(Tensor.prototype, name, { configurable: true, writable: true, value });
}

/**
 * Installs functions whose first argument is the tensor, room by room, as one object of them all takes long to make;
 * and members, which are written as methods. For their types the parameters are `object`: what is installed has
 * hundreds of signatures.
 */
export function installMethods(operations: readonly object[], members: object): void {
  // V8 copies the table of a class's prototype for each property that it adds, until one is taken away: then it is a
  // hash table. For these hundreds of methods that is a tenth of the time that the import takes.
  const { constructor } = Tensor.prototype;
  Reflect.deleteProperty(Tensor.prototype, 'constructor');
  install('constructor', constructor);
  install(tensorMark, true);
  for (const room of operations)
    for (const [name, f] of Object.entries(room)) install(name, asMethod(name, f as AnyMethod));
  for (const [name, f] of Object.entries(members))
    install(name, questions.has(name) ? question(name, f as AnyMethod) : f);
}
