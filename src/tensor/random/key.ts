import { PondusError } from "../../graph/errors.ts";
import { streamKey, type Use, wordsOf } from "../../graph/random/stream.ts";
import { parity, rotations } from "../../graph/random/threefry.ts";
import { formatShape } from "../../graph/shape.ts";
import { arange, stack, tensor } from "../functions.ts";
import { constant } from "../operands.ts";
import { Tensor } from "../tensor.ts";

/**
 * Second words of a counter, which keep apart what is made from one key: numbers have 0, keys that a number was folded into
 * have 1 (and 2 for its upper half), keys that a key was split into have 3.
 */
const second = { folded: 1, foldedUpper: 2, split: 3 };

/**
 * Threefry-2x32 (see graph/random/threefry.ts), written as graph operations.
 *
 * @param k        the key, two int32 words
 * @param counter  two int32 tensors that broadcast to the shape of the results, or numbers
 */
export function threefry(k: Tensor, counter: readonly [Tensor, Tensor | number]): [Tensor, Tensor] {
  if (k.dtype !== "int32" || k.size !== 2 || k.rank !== 1) {
    throw new PondusError(
      "random.key",
      `a random key is two int32 words, but ${k.dtype} ${formatShape(k.shape)} came; random.key(seed) makes one.`,
    );
  }
  const [k0, k1] = [k.at(0), k.at(1)];
  const schedule = [k0, k1, k0.xor(k1).xor(parity)];
  let [a, b] = [counter[0].add(k0), k1.add(counter[1])];
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

/**
 * The key of a seed, int32 [2].
 *
 * @param seed  a whole number from 0 to 2^53, or a bigint from 0 to 2^64 - 1
 * @throws `random.seed` when it is something else
 */
export function key(seed: number | bigint): Tensor {
  return tensor(Int32Array.from(wordsOf("random.key", seed)));
}

/**
 * A fresh key from a key and a number (a step, an index): independent streams for each.
 *
 * @param data  a whole number from 0 to 2^53, a bigint from 0 to 2^64 - 1, or one int32, of which the 32 bits count
 * @throws `random.seed` when it is none of these, `random.option` when a tensor is not one int32
 */
export function foldIn(k: Tensor, data: Tensor | number | bigint): Tensor {
  if (typeof data === "object") {
    if (data.dtype === "int32" && data.rank === 0) return folded(k, data, second.folded);
    throw new PondusError(
      "random.option",
      `random.foldIn: a tensor that is folded in must be one int32, but ${data.dtype} ${formatShape(data.shape)} came.`,
    );
  }
  const [low, high] = wordsOf("random.foldIn", data);
  const [one, two] = [low, high].map((word) => new Tensor(constant(word, "int32")));
  const lower = folded(k, one, second.folded);
  return high === 0 ? lower : folded(lower, two, second.foldedUpper);
}

function folded(k: Tensor, word: Tensor, mark: number): Tensor {
  return stack(threefry(k, [word, mark]));
}

/**
 * Several keys from one, independent of each other, and of numbers drawn from the key itself and keys folded from it:
 * `const [a, b] = random.split(k)`.
 *
 * @throws `random.option` unless `count` is a whole number from 1
 */
export function split(k: Tensor, count = 2): Tensor[] {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new PondusError("random.option", `random.split: the count is a whole number from 1, but ${count} came.`);
  }
  const keys = stack(threefry(k, [arange(count), second.split]), 1);
  return Array.from({ length: count }, (_, i) => keys.at(i));
}

/** The key of stream `index` of a seed for one use, which no other use shares. */
export function keyFor(seed: number | bigint, use: Use, index = 0): Tensor {
  return tensor(streamKey(seed, use, index));
}
