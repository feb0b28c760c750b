/** A page of docs/ as text: what it is called, what it is about, what it says. */

export interface Page {
  readonly title: string;
  readonly description: string;
  /** The Markdown without its frontmatter. */
  readonly body: string;
  /** Whether a program fills it, so that its source says little. */
  readonly isProgram: boolean;
}

/** The fields of a frontmatter, which are plain text here, quoted or not. */
function fieldsOf(frontmatter: string): ReadonlyMap<string, string> {
  const lines = frontmatter.matchAll(/^(\w+): *(?:"(.*)"|'(.*)'|(.*))$/gm);
  return new Map(
    [...lines].map(([, key = '', double, single, plain]) => [key, double ?? single ?? plain ?? '']),
  );
}

/** The first sentence below the heading, where no frontmatter says what a page is about. */
function firstSentence(body: string): string {
  const prose = body.replace(/<!--[\s\S]*?-->|^```[\s\S]*?^```$/gm, '');
  const text = prose.split(/\n\s*\n/).find((paragraph) => /^[^\s#|<:-]/.test(paragraph)) ?? '';
  const plain = text.replace(/\s+/g, ' ').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return /^.*?\.(?= |$)/.exec(plain)?.[0] ?? plain;
}

export function pageOf(source: string): Page {
  const [whole = '', frontmatter = ''] = /^---\n([\s\S]*?)\n---\n/.exec(source) ?? [];
  const fields = fieldsOf(frontmatter);
  const body = source.slice(whole.length).trim();
  return {
    title: fields.get('title') ?? /^# (.+)$/m.exec(body)?.[1] ?? '',
    description: fields.get('description') ?? firstSentence(body),
    body,
    isProgram: fields.has('layout') || !/^# /m.test(body),
  };
}

/** Text with links for where the pages lie beside each other: those to files that are not there are words. */
export function withLinksAmong(body: string, there: ReadonlySet<string>): string {
  return body.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (link, text: string, target: string) => {
    if (/^(?:https?:|#)/.test(target)) return link;
    const [path = '', ...anchor] = target.replace(/^(?:\.\/)?(?:docs\/)?/, '').split(/(?=#)/);
    return there.has(path) ? `[${text}](${path}${anchor.join('')})` : text;
  });
}
