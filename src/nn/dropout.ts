import { PondusError } from "../graph/errors.ts";
import { labelled } from "../graph/origin.ts";
import { uniform } from "../tensor/random/index.ts";
import { where } from "../tensor/tensor.ts";
import { type Layer, layer } from "./layer.ts";
import { asAfterTraining, trainingHere } from "./mode.ts";

/**
 * Sets each number to 0 with probability `rate` while training and multiplies the others by 1 / (1 - rate), which keeps the
 * mean; after training, numbers pass as they are (Srivastava et al., JMLR 15, 1929, 2014). See `training`.
 *
 * @throws `layer.option` unless 0 <= rate < 1
 */
export function dropout(rate: number): Layer {
  const name = `dropout(${rate})`;
  if (!(rate >= 0 && rate < 1)) {
    throw new PondusError("layer.option", `${name}: the rate is a probability from 0 to below 1.`);
  }
  return layer(
    "dropout",
    (x) =>
      labelled(name, () => {
        if (rate === 0) return x;
        const training = trainingHere();
        // A node of its own, which simplification takes out again: it is what `asAfterTraining` remembers.
        if (!training) return asAfterTraining(name, x.mul(1));
        return where(uniform(training.key(), x.shape).lt(rate), 0, x.mul(1 / (1 - rate)));
      }),
    { name },
  );
}
