import type { TrainingRecord } from "./checkpoint.ts";

/** Fewer records do not tell a long stretch from a moment. */
const fewest = 8;

/** The factor by which a loss does not exceed its first value by chance: of the same loss at all steps, and of random batches. */
const far = { same: 1.1, random: 10 };

/**
 * Says that a training went astray though its loss is finite, as where tanh saturates: over all the later half of the
 * records the loss was above its first value, that of the weights which it began with. A slow training stays there or
 * below. Undefined where that is not so, where the records are too few, and for losses that begin at 0 or below, which
 * have no scale.
 *
 * @param first  the loss at the weights that the training began with
 * @param same   whether the loss is the same function at all steps
 */
export function divergence(
  first: number | undefined,
  history: readonly TrainingRecord[],
  same: boolean,
): string | undefined {
  if (first === undefined || !(first > 0) || history.length < fewest) return undefined;
  const late = history.slice(history.length >> 1);
  const least = late.reduce((low, { loss }) => Math.min(low, loss), Number.POSITIVE_INFINITY);
  if (!(least > (same ? far.same : far.random) * first)) return undefined;
  const short = (x: number) => String(Number(x.toPrecision(3)));
  return (
    `the loss began at ${short(first)} and was never below ${short(least)} from step ${late[0].step} on: training made ` +
    "it worse; lower the rate, or clip the gradients (clip: optim.clipByGlobalNorm(1))"
  );
}
