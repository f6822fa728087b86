import { compile, grad, nn, ode, parameterOf, stack, type Tensor } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";
import { layersOf, network } from "./network.ts";

const dtype = "float64";
const exact = { rtol: 1e-6, atol: 1e-6, controller: ode.pid({ integral: 1, proportional: 0 }) } as const;

export function diffeq(data: CaseData, sizes: Readonly<Record<string, unknown>>): Promise<Ready> {
  return sizes.what === "lorenz" ? trajectories(data) : gradient(data, adjointOf(sizes));
}

/** 1,000 trajectories along the last axis, each with steps of its own. */
async function trajectories(data: CaseData): Promise<Ready> {
  const began = performance.now();
  const start = data.parameter("y0", dtype);
  const solve = (until: number) => ode.integrate(lorenz, start, [0, until], { ...exact, batch: 1 });
  const { y, steps: taken, rejected } = solve(10);
  const end = data.slot("end", y.shape, dtype);
  const run = loop({
    outputs: { taken, rejected },
    // The start counts as changed by every iteration: otherwise the solution would be taken out of the loop.
    updates: [
      { parameter: parameterOf(start)!, value: start },
      { parameter: parameterOf(end)!, value: y },
    ],
  });
  const first = await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const early = await compile(() => ({ y: solve(2).y.slice(0, 8, 1).T })).run();
  const mean = (numbers: Iterable<number>) => [...numbers].reduce((sum, x) => sum + x, 0) / end.shape[1];
  const squares = mean(Array.from(parameterOf(end)!.read(), (x) => x * x));
  const steps = mean(first.taken.data);
  return {
    check: [...early.y.data, squares, steps, steps + mean(first.rejected.data)],
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}

function lorenz(state: Tensor): Tensor {
  const [x, y, z] = [state.at(0), state.at(1), state.at(2)];
  return stack([y.sub(x).mul(10), x.mul(z.neg().add(28)).sub(y), x.mul(y).sub(z.mul(8 / 3))]);
}

function adjointOf({ what, checkpoints }: Readonly<Record<string, unknown>>): ode.Adjoint {
  if (what === "backsolve") return ode.backsolve();
  return ode.direct(what === "checkpointed" ? { checkpoints: Number(checkpoints) } : {});
}

/** Loss and gradient of a neural ODE, without a step of training. */
async function gradient(data: CaseData, adjoint: ode.Adjoint): Promise<Ready> {
  const began = performance.now();
  const layers = layersOf(data, dtype);
  const { path, steps: taken } = ode.integrate(
    (y) => network(layers, nn.tanh, y),
    data.constant("y0", dtype),
    [...data.array("times")],
    { ...exact, maxSteps: 256, adjoint },
  );
  const loss = nn.mse(path, data.constant("targets", dtype));
  const weights = layers.flatMap(({ w, b }) => [w, b]);
  const slots = weights.map((w, i) => parameterOf(data.slot(`gradient ${i}`, w.shape, dtype))!);
  const run = loop({
    outputs: { loss, taken },
    // As above, the weights count as changed.
    updates: [
      ...weights.map((w) => ({ parameter: parameterOf(w)!, value: w })),
      ...grad(loss, weights).map((value, i) => ({ parameter: slots[i], value })),
    ],
  });
  const first = await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const gradients = slots.map((slot) => slot.read());
  return {
    check: [
      first.loss.item(),
      first.taken.item(),
      ...gradients.flatMap((numbers) => summary(numbers, [0, numbers.length - 1])),
    ],
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
