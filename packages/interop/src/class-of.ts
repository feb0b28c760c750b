/** An object by its class, for an error: by what JavaScript says that it is where the class has no name. */
export function instanceText(x: object): string {
  const name: unknown = x.constructor?.name;
  if (typeof name === 'string' && name !== '') return `an instance of ${name}`;
  const tag = Object.prototype.toString.call(x).slice(8, -1);
  return `an instance of ${tag === 'Object' ? 'a class without a name' : tag}`;
}
