import { type DType, isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { arange, stack } from "../functions.ts";
import type { Tensor } from "../tensor.ts";
import { threefry } from "./key.ts";

/** Two words for each of so many counters. */
function blocks(k: Tensor, count: number): [Tensor, Tensor] {
  return threefry(k, [arange(count), 0]);
}

/** 32 random bits per element, int32. */
export function bits(k: Tensor, shape: Shape): Tensor {
  const half = Math.ceil(sizeOf(shape) / 2);
  return stack(blocks(k, half), 1).flatten().slice(0, sizeOf(shape)).reshape(shape);
}

/** Whole numbers below 2^24 in float32, below 2^53 in float64: as many bits as the type holds. */
function whole(k: Tensor, shape: Shape, dtype: DType): Tensor {
  if (!isFloat(dtype)) {
    throw new PondusError("random.option", `random: numbers are drawn as float32 or float64, but ${dtype} was wanted.`);
  }
  if (dtype === "float32") return bits(k, shape).shiftRight(8).cast(dtype);
  const [a, b] = blocks(k, sizeOf(shape));
  const upper = a
    .shiftRight(5)
    .cast(dtype)
    .mul(2 ** 26);
  return upper.add(b.shiftRight(6).cast(dtype)).reshape(shape);
}

/** Uniform in [0, 1): a multiple of 2^-24 in float32, of 2^-53 in float64. */
export function uniform(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  return whole(k, shape, dtype).mul(dtype === "float32" ? 2 ** -24 : 2 ** -53);
}

/** Uniform in (0, 1), without its ends: the middles of 2^23 (float32) or 2^52 (float64) equal parts. */
export function insideUnit(k: Tensor, shape: Shape, dtype: DType): Tensor {
  const parts = dtype === "float32" ? 2 ** 23 : 2 ** 52;
  return whole(k, shape, dtype)
    .mul(0.5)
    .floor()
    .add(0.5)
    .mul(1 / parts);
}

/**
 * Whole numbers in [0, below), int32.
 *
 * @throws `random.option` unless `below` is a whole number from 1 to 2^31
 */
export function integers(k: Tensor, shape: Shape, below: number): Tensor {
  if (!Number.isInteger(below) || below < 1 || below > 2 ** 31) {
    throw new PondusError(
      "random.option",
      `random.integers: numbers are drawn below a whole number from 1 to 2^31, but ${below} came.`,
    );
  }
  return uniform(k, shape, "float64").mul(below).floor().cast("int32");
}

/**
 * True with the given chance, bool.
 *
 * @param chance  from 0 to 1: one number, or a tensor that broadcasts to `shape`
 * @throws `random.option` when a number is not between 0 and 1
 */
export function bernoulli(k: Tensor, shape: Shape, chance: number | Tensor): Tensor {
  if (typeof chance === "number" && !(chance >= 0 && chance <= 1)) {
    throw new PondusError("random.option", `random.bernoulli: a chance lies from 0 to 1, but ${chance} came.`);
  }
  const dtype = typeof chance === "number" ? "float32" : chance.dtype;
  return uniform(k, shape, dtype).lt(chance);
}
