import { readFileSync } from "node:fs";
import { compile, type DType, type nn, optim, parameter, parameterOf, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/optimizers.json", import.meta.url), "utf8"));

interface Trajectory {
  options: {
    lr: number;
    momentum?: number;
    nesterov?: boolean;
    weight_decay?: number;
    betas?: [number, number];
    eps?: number;
  };
  w: number[][];
  loss: number[];
  clipNorm?: number;
}

/** f(w) = sum(a (w - b)^2) + sum(sin(w)), in one or several parameters. */
function objective(dtype: DType = "float64", cuts = [5]) {
  const at = (list: number[], from: number, to: number) => tensor(list.slice(from, to), { dtype });
  let from = 0;
  const parts = cuts.map((n) => {
    const part = { w: parameter([n], fixture.start.slice(from, from + n), { dtype }), from, to: from + n };
    from += n;
    return part;
  });
  const terms = parts.map(({ w, from, to }) => {
    const bowl = w
      .sub(at(fixture.b, from, to))
      .square()
      .mul(at(fixture.a, from, to));
    return bowl.sum().add(w.sin().sum());
  });
  const read = () => parts.flatMap(({ w }) => [...parameterOf(w)!.read()]);
  return { loss: terms.reduce((s, x) => s.add(x)), read };
}

function optimizerFor(name: string, { options: o, clipNorm }: Trajectory): optim.Optimizer {
  const common = {
    learningRate: o.lr,
    weightDecay: o.weight_decay,
    ...(clipNorm && { clip: optim.clipByGlobalNorm(clipNorm) }),
  };
  if (name.startsWith("adamW")) return optim.adamw({ ...common, betas: o.betas, epsilon: o.eps });
  if (name.startsWith("adam")) return optim.adam({ ...common, betas: o.betas, epsilon: o.eps });
  return optim.sgd({ ...common, momentum: o.momentum, nesterov: o.nesterov });
}

describe("trajectories against PyTorch", () => {
  // clipSgdTorch divides by norm + 1e-6, which is PyTorch's own habit; its effect is bounded below.
  const cases = Object.entries<Trajectory>(fixture.trajectories).filter(([name]) => name !== "clipSgdTorch");
  const kinds: [DType, number[], number][] = [
    ["float64", [5], 1e-12],
    ["float64", [2, 3], 1e-12],
    ["float32", [5], 3e-6],
  ];
  for (const [dtype, cuts, tolerance] of kinds) {
    test.each(cases)(`%s in ${dtype}, parameters of ${cuts.join(" and ")}`, async (name, trajectory) => {
      const { loss, read } = objective(dtype, cuts);
      const program = compile(() => ({ loss, ...optimizerFor(name, trajectory).minimize(loss) }));
      for (let step = 0; step < trajectory.w.length; step++) {
        read().forEach((w, i) => {
          expect(Math.abs(w - trajectory.w[step][i]), `step ${step}`).toBeLessThan(tolerance);
        });
        const r = await program.run();
        expect(Math.abs(r.loss.item() / trajectory.loss[step] - 1)).toBeLessThan(10 * tolerance);
      }
    });
  }

  test("PyTorch's clipping differs from ours by its 1e-6 alone", () => {
    const { clipSgd, clipSgdTorch } = fixture.trajectories;
    clipSgd.w.flat().forEach((w: number, i: number) => {
      expect(Math.abs(w - clipSgdTorch.w.flat()[i])).toBeLessThan(1e-5);
    });
  });
});

test("the first step of Adam is the rate, in float32 too", async () => {
  const w = parameter([], 0);
  await compile(() => optim.adam({ learningRate: 1 }).minimize(w.mul(1))).run();
  expect(Math.abs(parameterOf(w)!.read()[0] + 1)).toBeLessThan(5e-7);
});

test("the global norm spans parameters of both float types", async () => {
  const [a, b] = [parameter([], 0), parameter([], 0, { dtype: "float64" })];
  const loss = a.cast("float64").mul(3).add(b.mul(4));
  const optimizer = optim.sgd({ learningRate: 1, clip: optim.clipByGlobalNorm(1) });
  await compile(() => optimizer.minimize(loss)).run();
  expect(parameterOf(a)!.read()[0]).toBeCloseTo(-0.6, 6);
  expect(parameterOf(b)!.read()[0]).toBeCloseTo(-0.8, 14);
});

describe("schedules against optax", () => {
  const o = (name: string) => fixture.schedules[name].options;
  const cosine = (name: string) =>
    optim.schedules.cosine({ initial: o(name).init_value, steps: o(name).decay_steps, floor: o(name).alpha });
  const exponential = (name: string) => {
    const { init_value: initial, transition_steps: steps, decay_rate: decay, staircase } = o(name);
    return optim.schedules.exponential({ initial, steps, decay, staircase });
  };
  const linear = (name: string) => {
    const { init_value: initial, end_value: final, transition_steps: steps, transition_begin: delay } = o(name);
    return optim.schedules.linear({ initial, final, steps, delay });
  };
  const warm = o("warmupCosine");
  const schedules: Record<string, optim.Schedule> = {
    cosineDecay: cosine("cosineDecay"),
    cosineDecayToZero: cosine("cosineDecayToZero"),
    exponentialDecay: exponential("exponentialDecay"),
    exponentialDecayStaircase: exponential("exponentialDecayStaircase"),
    warmupCosine: optim.schedules.warmupCosine({
      initial: warm.init_value,
      peak: warm.peak_value,
      warmup: warm.warmup_steps,
      steps: warm.decay_steps,
      final: warm.end_value,
    }),
    linear: linear("linear"),
    linearDelayed: linear("linearDelayed"),
    piecewiseConstant: optim.schedules.piecewise({
      initial: o("piecewiseConstant").init_value,
      scales: o("piecewiseConstant").boundaries_and_scales,
    }),
  };
  test("every fixture has its schedule", () =>
    expect(Object.keys(schedules).sort()).toEqual(Object.keys(fixture.schedules).sort()));

  test.each(Object.entries(schedules))("%s", async (name, schedule) => {
    const program = compile(({ step }) => ({ rate: schedule(step), whole: schedule(step.cast("int32")) }), {
      step: { shape: [], dtype: "float64" },
    });
    for (const [step, wanted] of fixture.schedules[name].values.entries()) {
      const r = await program.run({ step });
      expect(Math.abs(r.rate.item() - wanted)).toBeLessThan(1e-15 + 1e-14 * wanted);
      expect(r.whole.dtype).toBe("float32");
      expect(Math.abs(r.whole.item() - wanted)).toBeLessThan(2e-7);
    }
  });

  test("an optimizer takes the rate of the steps before", async () => {
    const w = parameter([], 0, { dtype: "float64" });
    const rate = optim.schedules.piecewise({ initial: 1, scales: { 1: 0.5, 2: 0.5 } });
    const program = compile(() => optim.sgd({ learningRate: rate }).minimize(w.mul(-1)));
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      await program.run();
      seen.push(parameterOf(w)!.read()[0]);
    }
    expect(seen).toEqual([1, 1.5, 1.75]);
  });
});

describe("what is trained", () => {
  test("all that the gradient reaches, but what is frozen or named otherwise", () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => parameter([2], 1, { name }));
    const state = parameter([2], 1, { name: "state", trainable: false });
    const loss = a.mul(b).add(c.stopGradient()).add(state).sum();
    const names = (model?: nn.Model) => {
      const { updates } = optim.sgd({ learningRate: 0.1, momentum: 0.9 }).minimize(loss, model);
      return updates.map((u) => u.parameter.name);
    };
    expect(names()).toEqual(["a", "a/v", "b", "b/v"]);
    expect(names({ b, c })).toEqual(["b", "b/v"]);
    expect(() => names({ c })).toThrow(/depends on no trainable parameter of the model/);
    expect(() => optim.adam({ learningRate: 1 }).minimize(state.sum())).toThrow(/no trainable parameter, so/);
  });

  test("options that make no sense", () => {
    expect(() => optim.sgd({ learningRate: -1 })).toThrow("learningRate must be a number from 0, but -1 came");
    expect(() => optim.sgd({ learningRate: 1, nesterov: true })).toThrow(/above 0 for nesterov/);
    expect(() => optim.clipByGlobalNorm(0)).toThrow(/must be positive/);
    expect(() => optim.schedules.cosine({ initial: 1, steps: 0 })).toThrow(/steps must be a whole number from 1/);
    const w = parameter([], 1);
    expect(() => optim.adam({ learningRate: 1, betas: [0.9, 1] }).minimize(w)).toThrow(
      /betas must lie between 0 and 1/,
    );
  });
});
