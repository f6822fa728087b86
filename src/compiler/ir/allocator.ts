import type { DType } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Axis } from "./kernel.ts";
import type { Buffer, Index } from "./loop.ts";
import { contiguous, type View } from "./views.ts";

/** Makes the buffers and counters of one program. */
export class Allocator {
  readonly buffers: Buffer[] = [];
  readonly #stacks = new Set<Buffer>();
  #next = 0;

  buffer(kind: Buffer["kind"], dtype: DType, length: number, holds?: Node): Buffer {
    const made: Buffer = { id: this.buffers.length, kind, dtype, length, offset: -1, holds };
    this.buffers.push(made);
    return made;
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

  /** A fresh place for the values that a node takes in so many iterations. */
  stack(node: Node, length: number): View {
    const buffer = this.buffer("temporary", node.dtype, length * sizeOf(node.shape), node);
    this.#stacks.add(buffer);
    return contiguous(buffer, [length, ...node.shape]);
  }

  isStack(buffer: Buffer): boolean {
    return this.#stacks.has(buffer);
  }
}
