/** Texts with places that are filled. */

/** Text with each `$NAME$` replaced; a line that holds nothing but a name whose text is empty is left out. */
export function filled(template: string, values: Readonly<Record<string, string>>): string {
  const whole = template.replace(/^[ \t]*\$([A-Z_]+)\$\n/gm, (_, name: string) => {
    const text = valueOf(values, name);
    return text === '' ? '' : `${text}\n`;
  });
  return whole.replace(/\$([A-Z_]+)\$/g, (_, name: string) => valueOf(values, name));
}

function valueOf(values: Readonly<Record<string, string>>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`the template asks for ${name}`);
  return value;
}
