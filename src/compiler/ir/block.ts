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
