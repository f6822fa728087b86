import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { parity, rotations } from "../graph/threefry.ts";
import { arange, stack, tensor, zeros } from "./functions.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Random numbers from keys: a key is two int32 words, and the same key gives the same numbers on every backend.
 * The generator is Threefry-2x32 (see graph/threefry.ts), written here as graph operations.
 */
function threefry(key: Tensor, counter: readonly [Tensor, Tensor]): [Tensor, Tensor] {
  if (key.dtype !== "int32" || key.size !== 2) {
    throw new PondusError(
      "random.key",
      `a random key is two int32 words, but ${key.dtype} ${formatShape(key.shape)} came.`,
    );
  }
  const [k0, k1] = [key.at(0), key.at(1)];
  const schedule = [k0, k1, k0.xor(k1).xor(parity)];
  let [a, b] = [counter[0].add(k0), counter[1].add(k1)];
  for (let round = 0; round < 20; round++) {
    const r = rotations[round % 8];
    a = a.add(b);
    b = b
      .shiftLeft(r)
      .or(b.shiftRight(32 - r))
      .xor(a);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = a.add(schedule[injection % 3]);
      b = b.add(schedule[(injection + 1) % 3]).add(injection);
    }
  }
  return [a, b];
}

/** The key for a seed. */
export function key(seed: number): Tensor {
  return tensor([seed | 0, Math.floor(seed / 2 ** 32) | 0], { dtype: "int32" });
}

/** A fresh key from a key and a number (a step, an index): independent streams for each. */
export function foldIn(k: Tensor, data: Tensor | number): Tensor {
  const word = typeof data === "number" ? tensor(data | 0, { dtype: "int32" }) : data;
  return stack(threefry(k, [word, word.mul(0).add(1)]));
}

/** 32 random bits per element, int32. */
export function bits(k: Tensor, shape: Shape): Tensor {
  const half = Math.ceil(sizeOf(shape) / 2);
  const [a, b] = threefry(k, [arange(half), zeros([half], "int32")]);
  return stack([a, b], 1).flatten().slice(0, 0, sizeOf(shape)).reshape(shape);
}

/** Uniform in [0, 1): 24 random bits in float32, 31 in float64. */
export function uniform(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  const n = dtype === "float32" ? 24 : 31;
  return bits(k, shape)
    .shiftRight(32 - n)
    .cast(dtype)
    .mul(2 ** -n);
}

/** Standard normal (Box & Muller, Ann. Math. Stat. 29, 610, 1958). */
export function normal(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  const n = sizeOf(shape);
  const u = uniform(k, [2, n], dtype);
  const radius = u.at(0).neg().log1p().mul(-2).sqrt();
  return radius
    .mul(
      u
        .at(1)
        .mul(2 * Math.PI)
        .cos(),
    )
    .reshape(shape);
}

/** Whole numbers in [0, below), int32. */
export function integers(k: Tensor, shape: Shape, below: number): Tensor {
  return uniform(k, shape, "float64").mul(below).floor().cast("int32");
}

/** 0 or 1 with the given chance of 1, as bool. */
export function bernoulli(k: Tensor, shape: Shape, chance: number): Tensor {
  return uniform(k, shape).lt(chance);
}
