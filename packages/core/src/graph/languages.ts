/** A drawing in the languages of Graphviz and Mermaid. */
import type { Direction, Drawing, DrawnEdge, DrawnNode, Role } from './drawing.ts';

/** A language, by its lines. */
export interface Language {
  readonly begin: (direction: Direction) => readonly string[];
  readonly node: (id: string, node: DrawnNode) => string;
  readonly edge: (from: string, to: string, label: string) => string;
  readonly end: (nodes: readonly DrawnNode[]) => readonly string[];
}

/** The colours of each role: what fills a box, and its border. */
const colours: Readonly<Record<Role, readonly [fill: string, border: string]>> = {
  leaf: ['#d6e9f8', '#3b78a8'],
  input: ['#eeeeee', '#777777'],
  operation: ['#ffffff', '#555555'],
  view: ['#ffffff', '#aaaaaa'],
  result: ['#d9efd9', '#3f8f4f'],
};

/** What stands between quotes in DOT: there \\ begins what stands for something else, and & a character by its name. */
const dotText = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('&', '&amp;')
    .replaceAll('"', '\\"')
    .replace(/\r\n?|\n/g, '\\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these have no picture
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\ufffd');

/** The DOT language. */
export const dot: Language = {
  begin: (direction) => [
    'digraph {',
    `  rankdir=${direction}`,
    '  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11, height=0.3]',
    '  edge [fontname="Helvetica", fontsize=9, color="#555555", arrowsize=0.7]',
  ],
  node(id, { role, lines }) {
    const [fill, border] = colours[role];
    const style =
      role === 'operation' ? '' : role === 'view' ? ', style="filled,rounded,dashed"' : ', style="filled"';
    return `  ${id} [label="${lines.map(dotText).join('\\n')}", fillcolor="${fill}", color="${border}"${style}]`;
  },
  edge: (from, to, label) => `  ${from} -> ${to}${label === '' ? '' : ` [label="${dotText(label)}"]`}`,
  end: () => ['}'],
};

/** What stands between quotes in Mermaid, where characters of a meaning stand by their numbers. */
const mermaidText = (text: string): string =>
  text
    .replace(/\r\n?|\n/g, ' ')
    .replace(/[^\p{L}\p{N} _,:()[\]=/.]|\.(?= )/gu, (c) => `#${c.codePointAt(0)};`);

const roles = Object.keys(colours) as readonly Role[];

/** Mermaid's flowcharts. */
export const mermaid: Language = {
  begin: (direction) => [`flowchart ${direction}`],
  node(id, { role, lines }) {
    const [open, close] = role === 'operation' || role === 'view' ? ['(', ')'] : ['[', ']'];
    return `  ${id}${open}"${lines.map(mermaidText).join('<br/>')}"${close}:::${role}`;
  },
  edge: (from, to, label) => `  ${from} -->${label === '' ? '' : `|"${mermaidText(label)}"|`} ${to}`,
  end: (nodes) =>
    roles
      .filter((role) => nodes.some((node) => node.role === role))
      .map((role) => {
        const [fill, border] = colours[role];
        const dashed = role === 'view' ? ',stroke-dasharray:4' : '';
        return `  classDef ${role} fill:${fill},stroke:${border},color:#000${dashed}`;
      }),
};

/** The text of a drawing. */
export function written({ nodes, edges }: Drawing, direction: Direction, language: Language): string {
  const id = (i: number): string => `n${i}`;
  return [
    ...language.begin(direction),
    ...nodes.map((node, i) => language.node(id(i), node)),
    ...edges.map(({ from, to, label }: DrawnEdge) => language.edge(id(from), id(to), label)),
    ...language.end(nodes),
    '',
  ].join('\n');
}
