/** A graph as it is drawn, whatever it shows. */

/** What a node stands for, which decides its form. */
export type Role =
  /** What is learned, or has a gradient: a leaf. */
  | 'leaf'
  /** What is given: an argument, or state. */
  | 'input'
  | 'operation'
  /** Another way to see memory. */
  | 'view'
  | 'result';

/** A box, with a line of text or several. */
export interface DrawnNode {
  readonly role: Role;
  readonly lines: readonly string[];
}

/** An arrow from one node to another, by their numbers. */
export interface DrawnEdge {
  readonly from: number;
  readonly to: number;
  /** What stands beside it; `''`: nothing. */
  readonly label: string;
}

/** Which way arrows go. */
export type Direction = 'TB' | 'BT' | 'LR' | 'RL';

/** Nodes and edges, of whatever they were made. */
export class Drawing {
  readonly nodes: DrawnNode[] = [];
  readonly edges: DrawnEdge[] = [];
  readonly #numbers = new Map<unknown, number>();

  /** The number of the node that stands for `key`, which is made when it is first asked for. */
  node(key: unknown, make: () => DrawnNode): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.nodes.length);
    return this.nodes.push(make()) - 1;
  }

  edge(from: number, to: number, label = ''): void {
    this.edges.push({ from, to, label });
  }
}
