import type { DType } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Axis, Kernel } from "./kernel.ts";
import type { Buffer, Index, Step } from "./loop.ts";
import { contiguous, type View } from "./views.ts";

/** Makes the buffers and counters of one program. */
export class Allocator {
  readonly buffers: Buffer[] = [];
  readonly shared = new Map<Buffer, Buffer>();
  /** For a loop, places that some of its carries already have, by number. */
  readonly homes = new Map<Node, Map<number, View>>();
  readonly #stacks = new Set<Buffer>();
  #next = 0;

  buffer(kind: Buffer["kind"], dtype: DType, length: number, holds?: Node): Buffer {
    const made: Buffer = { id: this.buffers.length, kind, dtype, length, offset: -1, holds };
    this.buffers.push(made);
    return made;
  }

  /** Lets two buffers lie in the same place: `made` never holds a value of its own beside `home`. */
  share(made: Buffer, home: Buffer): void {
    this.shared.set(made, home);
  }

  index(): Index {
    return { id: this.#next++ };
  }

  axes(sizes: readonly number[]): Axis[] {
    return sizes.map((size) => ({ index: this.index(), size }));
  }

  /** A fresh place for a node's value. */
  place(kind: Buffer["kind"], node: Node): View {
    return contiguous(this.buffer(kind, node.dtype, sizeOf(node.shape), node), node.shape);
  }

  /** A fresh place for the values that a node takes in so many turns. */
  stack(node: Node, turns: number): View {
    const buffer = this.buffer("temporary", node.dtype, turns * sizeOf(node.shape), node);
    this.#stacks.add(buffer);
    return contiguous(buffer, [turns, ...node.shape]);
  }

  isStack(buffer: Buffer): boolean {
    return this.#stacks.has(buffer);
  }
}

export type Steps = Step<Kernel>[];

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
