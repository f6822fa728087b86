import type { Node } from "../../graph/node.ts";
import type { Kernel } from "./kernel.ts";
import type { Buffer, Step } from "./loop.ts";
import type { View } from "./views.ts";

export type Steps = Step<Kernel>[];

/** A program's kernels, in order. */
export interface Kernels {
  readonly steps: readonly Step<Kernel>[];
  /** Arrays that lie in the place of others: an array never holds a value of its own beside the one that it is mapped to. */
  readonly aliases: ReadonlyMap<Buffer, Buffer>;
}

/** Ends a block: the value that the block left in `from` moves over the old one in `to`. */
export interface Assignment {
  readonly node: Node;
  readonly from: View;
  readonly to: View;
}

/** Kernels as lowering leaves them: every block ends with its assignments, which are no kernels yet. */
export type Lowered = Step<Kernel | Assignment>[];

/** A result of a block, and where it must end up. */
export interface Wanted {
  readonly node: Node;
  readonly target: View;
}

/** A leaf of the block that will be overwritten with a node's value once the block is done. */
export interface Overwrite {
  readonly leaf: Node;
  readonly node: Node;
}

/** A value that replaces a leaf: the next value of a carry, or of a parameter. */
export interface Update extends Overwrite {
  /** Where the leaf lies. */
  readonly to: View;
}

/** A block of graph: the program, or the body of a loop or branch. */
export interface Block {
  /** Where leaves (inputs, parameters, data, formals) lie. */
  readonly leaves: ReadonlyMap<Node, View>;
  readonly wanted: readonly Wanted[];
  /** What replaces leaves when the block is done. */
  readonly updates?: readonly Update[];
  /** Results of loops that lie where the loop's carries began: it works on that memory, and nothing is copied in or out. */
  readonly homes?: ReadonlyMap<Node, View>;
}

/** Where the nodes of a block lie: its leaves, what was stored, and the results of its loops and branches. */
export class Memory {
  readonly #views: Map<Node, View>;
  readonly #results = new Map<Node, readonly View[]>();

  constructor(leaves: ReadonlyMap<Node, View>) {
    this.#views = new Map(leaves);
  }

  view(node: Node): View | undefined {
    return (
      this.#views.get(node) ?? (node.is("result") ? this.#results.get(node.inputs[0])?.[node.attrs.index] : undefined)
    );
  }

  put(node: Node, view: View): void {
    this.#views.set(node, view);
  }

  putResults(control: Node, views: readonly View[]): void {
    this.#results.set(control, views);
  }
}
