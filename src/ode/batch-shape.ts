import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The shape of what each trajectory has one of: 1 along all axes of the state but theirs, or a scalar's. */
export function batchShapeOf(y: Tensor, batch: number | undefined): Shape {
  return batch === undefined ? [] : y.shape.map((n, axis) => (axis === batch ? n : 1));
}
