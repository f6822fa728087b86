import type { DType, TypedArray } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import type { Operand as OperandOf } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { Sorting } from "./reduction/sorting.ts";

/** What stands where a tensor is expected: a tensor, or a number that takes the other operand's type. */
export type Operand = OperandOf<Tensor>;

/**
 * An array that is described, not yet computed: a node of the graph with the operations that a person writes.
 * Nothing runs until a compiled program does. Operands broadcast; element types never mix silently.
 *
 * The operations stand in families, each of which has the ones before it: elementwise.ts, special.ts, movement.ts, reduction.ts,
 * cumulative.ts, indexing.ts, diagonals.ts, sorting.ts.
 */
export class Tensor extends Sorting<Tensor> {
  /** Matrix product over the last axis of this and the second-to-last of `y`; leading axes broadcast. Vectors as in NumPy. */
  matmul(y: Tensor): Tensor {
    return this.of(matmul(this.node, y.node));
  }

  protected of(node: Node): Tensor {
    return node === this.node ? this : new Tensor(node);
  }
}

/** Element by element: `yes` where `test` holds, else `no`. At least one of the two is a tensor. */
export function where(test: Tensor, yes: Operand, no: Operand): Tensor {
  return test.where(yes, no);
}

/** An array of numbers as a tensor with the given shape; the data are shared, not copied. */
export function fromArray(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new PondusError("values.size", `tensor: ${data.length} numbers came for ${formatShape(shape)}.`);
  }
  return new Tensor(make("data", [], { data, shape, dtype }));
}
