import { scan } from "../../tensor/control.ts";
import { arange } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * The matrix whose row i is `row` of the i-th unit vector: a loop, so that it holds the matrix and what one row takes.
 *
 * @param row  from [count] to [width]
 * @returns    [count, width]
 */
export function rowsOf(count: number, dtype: "float32" | "float64", row: (unit: Tensor) => Tensor): Tensor {
  const places = arange(count);
  return scan({}, (_, { i }) => ({ carry: {}, out: { row: row(places.eq(i).cast(dtype)) } }), {
    xs: { i: places },
  }).out.row;
}
