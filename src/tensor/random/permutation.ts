import { PondusError } from "../../graph/errors.ts";
import type { Shape } from "../../graph/shape.ts";
import { axisOf } from "../operands.ts";
import type { Tensor } from "../tensor.ts";
import { integers, uniform } from "./uniform.ts";

/**
 * The numbers 0 to n - 1 in an order that is drawn by chance, int32 [n], or a tensor whose slices along `axis` are.
 *
 * Every order is as likely as any other, but for one in 2^53 / n^2 draws: it is the order of 53 random bits each.
 *
 * @throws `random.option` unless n is a whole number from 0
 */
export function permutation(k: Tensor, of: number | Tensor, axis = 0): Tensor {
  if (typeof of !== "number") {
    const a = axisOf("random.permutation", of.node, axis);
    return of.gather(permutation(k, of.shape[a]), a);
  }
  requireCount("permutation", of);
  return uniform(k, [of], "float64").argsort();
}

/**
 * Some of the numbers 0 to n - 1, or of the slices of a tensor along its first axis, each as likely as any other.
 *
 * @param shape            of the draws; with a tensor [n, ...] the result is [...shape, ...]
 * @param options.replace  whether one may come more than once (default true)
 * @throws `random.option` unless n is a whole number from 1, or when more are wanted than there are to draw without replacement
 */
export function choice(k: Tensor, of: number | Tensor, shape: Shape, options: { replace?: boolean } = {}): Tensor {
  const n = typeof of === "number" ? of : (of.shape[0] ?? 0);
  requireCount("choice", n, 1);
  const count = shape.reduce((product, size) => product * size, 1);
  const replace = options.replace ?? true;
  if (!replace && count > n) {
    throw new PondusError(
      "random.option",
      `random.choice: ${count} are wanted of ${n}, each at most once; draw fewer, or with { replace: true }.`,
    );
  }
  const places = replace ? integers(k, shape, n) : permutation(k, n).slice(0, count).reshape(shape);
  return typeof of === "number" ? places : of.gather(places);
}

function requireCount(name: string, n: number, least = 0): void {
  if (Number.isSafeInteger(n) && n >= least) return;
  throw new PondusError("random.option", `random.${name}: a whole number from ${least} is expected, but ${n} came.`);
}
