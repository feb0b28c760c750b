/** Finds calls in TypeScript by the grammar that the editor has; nothing of what is read is run. */
import { typescriptLanguage } from '@codemirror/lang-javascript';

/** A piece of the code. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly text: string;
}

type Node = ReturnType<typeof typescriptLanguage.parser.parse>['topNode'];

/** `callee(...)` or `new callee(...)`. */
export interface Call {
  readonly isNew: boolean;
  readonly callee: Piece;
  /** The whole, for calls that are arguments themselves. */
  readonly from: number;
  /** Between the parentheses. */
  readonly inside: { readonly from: number; readonly to: number };
  readonly arguments: readonly Argument[];
}

export interface Argument extends Piece {
  /** What it calls, if it is a call. */
  readonly call?: Call;
  /** The values of an object's properties. */
  readonly properties?: ReadonlyMap<string, Piece>;
}

const punctuation = new Set(['(', ')', ',', 'LineComment', 'BlockComment']);

function children(node: Node): Node[] {
  const all: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
}

/** Reads code once. */
export class Grammar {
  readonly calls: Call[] = [];
  private readonly code: string;

  constructor(code: string) {
    this.code = code;
    typescriptLanguage.parser.parse(code).iterate({
      enter: ({ node }) => {
        const call = this.call(node);
        if (call) this.calls.push(call);
      },
    });
  }

  private piece({ from, to, name }: Node): Piece {
    return { from, to, kind: name, text: this.code.slice(from, to) };
  }

  private call(node: Node): Call | undefined {
    if (node.name !== 'CallExpression' && node.name !== 'NewExpression') return undefined;
    const list = node.getChild('ArgList');
    const callee = children(node).find(({ name }) => name === 'VariableName' || name === 'MemberExpression');
    if (!list || !callee) return undefined;
    return {
      isNew: node.name === 'NewExpression',
      callee: this.piece(callee),
      from: node.from,
      inside: { from: list.from + 1, to: list.to - 1 },
      arguments: children(list)
        .filter(({ name }) => !punctuation.has(name))
        .map((argument) => this.argument(argument)),
    };
  }

  private argument(node: Node): Argument {
    const call = this.call(node);
    const isObject = node.name === 'ObjectExpression';
    return {
      ...this.piece(node),
      ...(call && { call }),
      ...(isObject && { properties: this.properties(node) }),
    };
  }

  private properties(node: Node): Map<string, Piece> {
    const named = node.getChildren('Property').flatMap((property) => {
      const name = property.getChild('PropertyDefinition');
      const value = property.lastChild;
      return name && value && value !== name ? [[this.piece(name).text, this.piece(value)] as const] : [];
    });
    return new Map(named);
  }
}
