/**
 * What `console.log` of Node shows as its `toString` says. A base, as bundlers keep each class of which a method's name
 * is computed by a call, whether a program uses it or not.
 * @internal
 */
export abstract class Shown {
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
