import { PondusError } from "../../graph/errors.ts";
import { arange, random, type Tensor, where } from "../../tensor/index.ts";
import { keyFor } from "../../tensor/random/key.ts";
import { drawOrder, shuffled } from "../../tensor/random/shuffled.ts";

/**
 * Which rows each step of a training sees: `const rows = optim.batches(n, 32)`, and in the loss `x.gather(rows(step))`.
 *
 * The steps walk through the data epoch after epoch, in each epoch in another order, so that every row comes once in each.
 * A batch that comes to the end of an epoch is filled up from the next one: all batches are full, and none is dropped. An
 * epoch takes `n / size` steps. The rows of a step follow from the step alone, so that a resumed training sees the same.
 *
 * @param count            how many rows there are
 * @param size             how many a step sees, at most `count`
 * @param options.shuffle  false leaves the rows in their order (default: true)
 * @param options.seed     of the orders (default 0)
 * @returns                from a step (int32 scalar, 0 at first) to its rows, int32 [size]
 * @throws `batches.size` unless both are whole numbers from 1 and `size` is at most `count`
 */
export function batches(
  count: number,
  size: number,
  options: { readonly shuffle?: boolean; readonly seed?: number } = {},
): (step: Tensor) => Tensor {
  const { shuffle = true, seed = 0 } = options;
  const wholes = [count, size].every((n) => Number.isInteger(n) && n >= 1 && n < 2 ** 31);
  if (!wholes || size > count) {
    throw new PondusError(
      "batches.size",
      `batches: ${count} rows and a batch of ${size} came, but both are whole numbers from 1, and a batch holds no row twice; ` +
        "give a batch that is no larger than the data.",
    );
  }
  const key = keyFor(seed, "batches");
  return (step) => {
    // In float64, which counts the rows of all epochs so far up to 2^53.
    const first = step.cast("float64").mul(size);
    const epoch = first.div(count).floor();
    const place = first.sub(epoch.mul(count)).cast("int32").add(arange(size));
    const late = place.ge(count);
    const inEpoch = where(late, place.sub(count), place);
    if (!shuffle || count === 1) return inEpoch;
    const order = (e: Tensor) => drawOrder(random.foldIn(key, e), count);
    const now = epoch.cast("int32");
    return shuffled(inEpoch, count, { now: order(now), next: order(now.add(1)), late });
  };
}
