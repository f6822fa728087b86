import { nn, optim, parameter, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";

const float64 = { dtype: "float64" } as const;

/** A small network on a sine, and what training it takes. */
interface Problem {
  readonly model: nn.Model;
  readonly outputs: Tensor;
  readonly residuals: Tensor;
}

function sine(seed: number, points: number, width: number): Problem {
  const model = nn.sequential(nn.dense(1, width, float64), nn.tanh, nn.dense(width, 1, float64));
  nn.initialize(model, seed);
  const xs = Array.from({ length: points }, (_, i) => (i / points) * 4 - 2);
  const [x, y] = [xs, xs.map((v) => Math.sin(2 * v + seed) + 0.3 * Math.sin(9 * v * (seed + 1)))].map((v) =>
    tensor(
      v.map((c) => [c]),
      float64,
    ),
  );
  const outputs = model(x);
  return { model, outputs, residuals: outputs.sub(y) };
}

/** Two knobs that every method brings to their minimum in a few steps. */
function bowl(): Problem {
  const w = parameter([2], [3, -2], float64);
  const outputs = tensor([3, 1], float64)
    .mul(w)
    .sub(tensor([1, 2], float64));
  return { model: { w }, outputs, residuals: outputs };
}

type Options = Pick<optim.FitOptions, "signal" | "onProgress" | "resume">;
type Training = (problem: Problem, steps: number, options: Options) => Promise<optim.FitResult>;

const fitted =
  (optimizer: (problem: Problem) => optim.Optimizer): Training =>
  (problem, steps, options) =>
    optim.fit({
      loss: problem.residuals.square().mean(),
      optimizer: optimizer(problem),
      parameters: problem.model,
      steps,
      recordEvery: 1,
      ...options,
    });

const rate = optim.schedules.cosine({ initial: 0.02, steps: 12 });
const trainings: Readonly<Record<string, Training>> = {
  leastSquares: ({ residuals }, steps, options) => optim.leastSquares({ residuals, steps, ...options }),
  "leastSquares, held back": ({ residuals }, steps, options) =>
    optim.leastSquares({ residuals, steps, damping: 10, scaling: "all", ...options }),
  sgd: fitted(() => optim.sgd({ learningRate: rate })),
  "sgd with momentum": fitted(() =>
    optim.sgd({ learningRate: rate, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  ),
  adam: fitted(() => optim.adam({ learningRate: rate, clip: optim.clipByGlobalNorm(0.1) })),
  adamw: fitted(() => optim.adamw({ learningRate: rate })),
  lbfgs: fitted(() => optim.lbfgs()),
  newtonCG: fitted(() => optim.newtonCG()),
  natural: fitted(({ outputs }) => optim.naturalGradient({ outputs, likelihood: "gaussian", variance: 0.5 })),
};

/** All that a training leaves, to the last bit. */
function everything({ stopped, steps, loss, history, warning, checkpoint, bestStep, restored }: optim.FitResult) {
  const tensors = Object.entries(checkpoint.tensors).map(([name, x]) => [name, Array.from(x.data)]);
  return { stopped, steps, loss, history, warning, bestStep, restored, ended: checkpoint.ended, tensors };
}

/** As a file gives it back. */
function stored(checkpoint: optim.Checkpoint): optim.Checkpoint {
  return {
    ...structuredClone({ ...checkpoint, history: [] }),
    history: JSON.parse(JSON.stringify(checkpoint.history)),
  };
}

async function interruptedAt(step: number, train: Training, problem: Problem, steps: number) {
  const stop = new AbortController();
  let seen: optim.Checkpoint | undefined;
  const onProgress = (progress: optim.Progress) => {
    if (progress.step !== step) return;
    seen = progress.checkpoint();
    stop.abort();
  };
  const result = await train(problem, steps, { signal: stop.signal, onProgress });
  return { result, seen: seen as optim.Checkpoint };
}

test.each(Object.entries(trainings))("%s: interrupted at any step it goes on to the same bits", async (_, train) => {
  const make = () => sine(1, 64, 6);
  const steps = 8;
  const whole = everything(await train(make(), steps, {}));
  for (let step = 1; step < whole.steps; step++) {
    const { result } = await interruptedAt(step, train, make(), steps);
    expect(result).toMatchObject({ stopped: "interrupted", steps: step });
    expect(everything(await train(make(), steps, { resume: stored(result.checkpoint) }))).toEqual(whole);
  }
});

test.each(Object.entries(trainings).filter(([name]) => /leastSquares|lbfgs|newton|natural/.test(name)))(
  "%s: a checkpoint of the step that converged says so, and a resume leaves it at that",
  async (_, train) => {
    const whole = everything(await train(bowl(), 300, {}));
    expect(whole).toMatchObject({ stopped: "converged", ended: "converged" });
    expect(whole.steps).toBeLessThan(300);
    for (let step = 1; step <= whole.steps; step++) {
      const { seen } = await interruptedAt(step, train, bowl(), 300);
      expect(seen.ended).toBe(step === whole.steps ? "converged" : undefined);
      expect(everything(await train(bowl(), 300, { resume: stored(seen) }))).toEqual(whole);
    }
  },
);

test("early stopping: the best weights, and the end, are the same after a break at any step", async () => {
  const make = () => {
    const problem = sine(2, 19, 4);
    const far = tensor([[2.5], [3]], float64);
    return { ...problem, validation: { loss: (problem.model as nn.Layer)(far).sub(1).square().mean(), patience: 3 } };
  };
  for (const train of [
    (p: ReturnType<typeof make>, options: Options) =>
      optim.leastSquares({ residuals: p.residuals, steps: 30, validation: p.validation, ...options }),
    (p: ReturnType<typeof make>, options: Options) =>
      optim.fit({
        loss: p.residuals.square().mean(),
        optimizer: optim.adam({ learningRate: 0.05 }),
        steps: 30,
        recordEvery: 1,
        validation: p.validation,
        ...options,
      }),
  ]) {
    const whole = everything(await train(make(), {}));
    expect(whole.stopped).toBe("early");
    for (let step = 1; step <= whole.steps; step++) {
      const { seen } = await interruptedAt(
        step,
        (p, _, options) => train(p as ReturnType<typeof make>, options),
        make(),
        30,
      );
      expect(everything(await train(make(), { resume: stored(seen) }))).toEqual(whole);
    }
  }
});
