import { grad, jvp, nn, parameterOf, type Tensor, tensor } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";
import { type Layers, layersOf, network } from "./network.ts";
import { training } from "./training.ts";

/** The loss and its gradient, without a step; the check takes steps. */
export async function burgers(data: CaseData): Promise<Ready> {
  const began = performance.now();
  const layers = layersOf(data);
  const loss = lossOf(layers, data);
  const weights = layers.flatMap(({ w, b }) => [w, b]);
  const gradient = grad(loss, weights);
  const run = loop({
    outputs: { loss },
    // The weights count as changed by every step: otherwise the gradient would be the same in all, and be taken out of the loop.
    updates: weights.flatMap((w, i) => [
      { parameter: parameterOf(w)!, value: w },
      { parameter: parameterOf(data.slot(`gradient ${i}`, w.shape))!, value: gradient[i] },
    ]),
  });
  await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const { check } = await training(() => lossOf(layersOf(data), data), 1e-3);
  return {
    check,
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}

function lossOf(layers: Layers, data: CaseData): Tensor {
  const at = data.constant("interior");
  const along = (direction: readonly number[]) => tensor(direction).expand(at.shape);
  const [x, t] = [along([1, 0]), along([0, 1])];
  const u = network(layers, nn.tanh, at);
  const ux = jvp(u, at, x);
  const ut = jvp(u, at, t);
  const uxx = jvp(ux, at, x);
  const residual = ut.add(u.mul(ux)).sub(uxx.mul(0.01 / Math.PI));
  const known = network(layers, nn.tanh, data.constant("points"));
  return residual
    .square()
    .mean()
    .add(nn.mse(known, data.constant("values")));
}
