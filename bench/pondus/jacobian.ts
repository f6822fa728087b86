import { concat, grad, jacobian as jacobianOf, jvp, nn, parameterOf, tensor } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";
import { layersOf, network } from "./network.ts";

const dtype = "float64";

/** The Jacobian of an equation's residuals, or the gradient of their sum of squares. */
export async function jacobian(data: CaseData, { what }: Readonly<Record<string, unknown>>): Promise<Ready> {
  const began = performance.now();
  const layers = layersOf(data, dtype);
  const weights = layers.flatMap(({ w, b }) => [w, b]);
  const at = data.constant("at", dtype);
  const along = (direction: readonly number[]) => tensor(direction, { dtype }).expand(at.shape);
  const [x, t] = [along([1, 0]), along([0, 1])];
  const u = network(layers, nn.tanh, at);
  const [ux, ut] = [jvp(u, at, x), jvp(u, at, t)];
  const residuals = ut.add(u.mul(ux)).sub(jvp(ux, at, x).mul(0.01 / Math.PI));
  const value =
    what === "matrix"
      ? jacobianOf(residuals, weights)
      : concat(grad(residuals.square().sum(), weights).map((g) => g.flatten()));
  const slot = data.slot("result", value.shape, dtype);
  const run = loop({
    outputs: {},
    // The weights count as changed by every step: otherwise the result would be the same in all, and be taken out of the loop.
    updates: [
      ...weights.map((w) => ({ parameter: parameterOf(w)!, value: w })),
      { parameter: parameterOf(slot)!, value },
    ],
  });
  await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const numbers = parameterOf(slot)!.read();
  return {
    check: summary(numbers, [0, numbers.length - 1]),
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
