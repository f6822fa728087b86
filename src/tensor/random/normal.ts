import type { DType } from "../../graph/dtype.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { concat } from "../functions.ts";
import type { Tensor } from "../tensor.ts";
import { cosSin, log } from "./elementary.ts";
import { uniform } from "./uniform.ts";

/**
 * Standard normal (Box & Muller, Ann. Math. Stat. 29, 610, 1958); the largest is 5.8 in float32, 8.6 in float64. With
 * `random.normal(k, shape).mul(deviation).add(mean)` gradients reach the deviation and the mean.
 */
export function normal(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  const n = sizeOf(shape);
  const half = Math.ceil(n / 2);
  const u = uniform(k, [2, half], dtype);
  const radius = log(u.at(0).neg().add(1)).mul(-2).sqrt();
  const parts = cosSin(u.at(1)).map((x) => radius.mul(x));
  return concat(parts).slice(0, n).reshape(shape);
}
