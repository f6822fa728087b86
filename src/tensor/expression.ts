import type { DType } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, type Shape, sizeOf, type TensorType } from "../graph/shape.ts";

/**
 * A node of the graph with its type: what each family of operations (elementwise.ts, movement.ts, ...) adds its methods to.
 *
 * @typeParam T  what the operations take and give: the class that has all families, `Tensor`
 */
export abstract class Expression<T> implements TensorType {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  /** A tensor of another node. */
  protected abstract of(node: Node): T;

  get node(): Node {
    return this.#node;
  }

  get shape(): Shape {
    return this.node.shape;
  }

  get dtype(): DType {
    return this.node.dtype;
  }

  get rank(): number {
    return this.node.shape.length;
  }

  get size(): number {
    return sizeOf(this.node.shape);
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)}, ${this.node.op})`;
  }

  /** Shape and place, for an error. */
  protected described(): string {
    return formatShape(this.shape) + describeOrigin(this.node.origin);
  }
}
