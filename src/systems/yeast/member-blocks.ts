import * as nn from "../../nn/index.ts";
import { tensorOf } from "../../optim/optimizer.ts";
import { objective } from "../../optim/second-order/objective.ts";
import { scan } from "../../tensor/control.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { customGradient } from "../../transforms/custom.ts";
import type { Growth } from "./growth-model.ts";

/** The paths of so many members, and all that is kept of them for the gradient, stay in a core's own cache; twenty are four blocks. */
const most = 5;

/** How many members are solved together: as many blocks of them as there need be are of one size. */
export function blockOf(members: number): number {
  let block = Math.min(most, members);
  while (members % block !== 0) block--;
  return block;
}

/**
 * The mean over the members of an ensemble of each one's loss, solved in blocks of members: each block goes forward and back
 * before the next one, and blocks go side by side on threads. In one piece it would pass all weights by the core in every
 * stage of every step.
 *
 * @param model  the ensemble
 * @param block  a model like it of `blockOf` members, whose knobs are never read
 * @param loss   the mean over the members of such a model, one float
 */
export function lossInBlocks(model: Growth, block: Growth, loss: (model: Growth) => Tensor): Tensor {
  const knobs = Object.values(nn.parametersOf(model)).map(tensorOf);
  const own = Object.values(nn.parametersOf(block));
  const count = knobs[0].shape[0] / own[0].shape[0];
  const part = objective("ensemble", loss(block), own);
  const { out } = scan(
    {},
    (_, slices: Readonly<Record<string, Tensor>>) => {
      const at = part.at(knobs.map((_, i) => slices[`knob${i}`]));
      return { carry: {}, out: { loss: at.loss, ...named("slope", at.gradient) } };
    },
    {
      xs: named(
        "knob",
        knobs.map((x) => x.reshape([count, x.shape[0] / count, ...x.shape.slice(1)])),
      ),
    },
  );
  const found: Readonly<Record<string, Tensor>> = out;
  const slopes = knobs.map((x, i) => found[`slope${i}`].reshape(x.shape).div(count));
  // What a block found out on its way is the gradient; that gradient's own gradient is never asked for.
  return customGradient(found.loss.mean(), knobs, (cotangent) => slopes.map((slope) => slope.mul(cotangent)));
}

const named = (name: string, list: readonly Tensor[]) => Object.fromEntries(list.map((x, i) => [`${name}${i}`, x]));
