import { compile, ode, optim, parameter, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const dtype = "float64" as const;
const float64 = (values: number | readonly number[]) => tensor(values, { dtype });
const knob = (value: number) => parameter([], value, { dtype });

/** The message of what a promise throws. */
async function complaint(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("a training on a path that gave up says the solver's own reason", () => {
  const stiff = (p: Tensor, options: ode.SolveOptions = {}) =>
    ode.solve((y) => y.mul(p).neg(), float64([1]), [0, 0.5, 1], options).slice(1);
  const optimizers: [string, () => optim.Optimizer][] = [
    ["adam", () => optim.adam({ learningRate: 0.01 })],
    ["lbfgs", () => optim.lbfgs()],
  ];

  test.each(optimizers)("fit by %s", async (_, optimizer) => {
    const loss = stiff(knob(1e6), { maxSteps: 200 }).square().sum();
    const told = await complaint(() => optim.fit({ loss, optimizer: optimizer(), steps: 2 }));
    expect(told).toMatch(
      /ode\.solve gave up: t = 0\.000[0-9]+ is as far as it came after [0-9]+ steps: give a larger maxSteps/,
    );
    expect(told).toMatch(/ode\.rodas5p/);
  });

  test("leastSquares", async () => {
    const residuals = stiff(knob(1e6), { maxSteps: 200 }).sub(1).flatten();
    const told = await complaint(() => optim.leastSquares({ residuals }));
    expect(told).toMatch(/the loss is NaN at the starting values; ode\.solve gave up: t = 0\.000/);
  });

  test("of a batch, how many and which", async () => {
    const p = knob(1);
    const path = ode.solve((y) => y.square().mul(p), float64([0.1, 3, 0.2, 5]), [0, 1], { batch: 0 });
    const told = await complaint(() =>
      optim.fit({ loss: path.sum(), optimizer: optim.sgd({ learningRate: 0.1 }), steps: 1 }),
    );
    expect(told).toMatch(/gave up for 2 of 4 trajectories \(first number 1\): no step from t = 0\.333/);
  });

  test("also where it goes wrong on the way", async () => {
    // Each step moves the knob on, until the solution runs away before the last time.
    const p = knob(0.5);
    const loss = ode
      .solve((y) => y.square().mul(p), float64([1]), [0, 1])
      .at(-1)
      .sum()
      .neg();
    const told = await complaint(() => optim.fit({ loss, optimizer: optim.sgd({ learningRate: 0.05 }), steps: 50 }));
    expect(told).toMatch(/ode\.solve gave up: (no step from|the state or its rate|t = 0\.[1-9])/);
  });

  test("and says nothing where it is not the solver that failed", async () => {
    const p = knob(1);
    const loss = ode
      .solve((y) => y.mul(p), float64([1]), [0, 1])
      .sum()
      .mul(p.sub(2).log());
    const told = await complaint(() => optim.fit({ loss, optimizer: optim.sgd({ learningRate: 0.1 }), steps: 1 }));
    expect(told).not.toMatch(/ode\.solve/);
    expect(told).toMatch(/log/);
  });
});

describe("advice fits the method and the type", () => {
  const robertson = (y: Tensor) => {
    const [a, b, c] = [y.at(0).mul(0.04), y.at(1).mul(y.at(2)).mul(1e4), y.at(1).square().mul(3e7)];
    return stack([b.sub(a), a.sub(b).sub(c), c]);
  };
  const told = async (type: "float32" | "float64", options: ode.SolveOptions) => {
    const s = ode.integrate(robertson, tensor([1, 0, 0], { dtype: type }), [0, 1e5], options);
    const { status, t, steps } = await compile(() => ({ status: s.status, t: s.t, steps: s.steps })).run();
    return ode.outcome({ status: status.item(), t: t.item(), steps: steps.item() });
  };

  test("what is stuck in rodas5p is not told to use it, but float64 or a larger tolerance", async () => {
    const { ok, reason, message } = await told("float32", { method: ode.rodas5p, rtol: 1e-9, atol: 1e-14 });
    expect([ok, reason]).toEqual([false, "step too small"]);
    expect(message).toMatch(/use float64, or a larger rtol and atol/);
    expect(message).not.toMatch(/rodas5p/);
  });

  test.each<[string, "float32" | "float64", ode.SolveOptions, RegExp, RegExp | undefined]>([
    ["an explicit method, float64", "float64", { maxSteps: 50 }, /stiff, ode\.rodas5p\.$/, undefined],
    ["an explicit method, float32", "float32", { maxSteps: 50 }, /stiff, ode\.rodas5p in float64\.$/, undefined],
    ["a stiff one, float64", "float64", { maxSteps: 5, method: ode.rodas4 }, /larger maxSteps or rtol\.$/, /stiff/],
    ["a stiff one, float32", "float32", { maxSteps: 5, method: ode.rodas4 }, /or use float64\.$/, /stiff/],
  ])("too many steps: %s", async (_, type, options, wanted, unwanted) => {
    const { reason, message } = await told(type, options);
    expect(reason).toBe("too many steps");
    expect(message).toMatch(wanted);
    if (unwanted) expect(message).not.toMatch(unwanted);
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    "a number as the rate",
    () => ode.solve((() => 2) as never, float64([1]), [0, 1]),
    /returned the number 2; .*y\.mul\(2\)/,
  ],
  ["an array", () => ode.solve(((y: Tensor) => [y]) as never, float64([1]), [0, 1]), /an array of 1; .*stack/],
  [
    "nothing",
    () => ode.solve((() => {}) as never, float64([1]), [0, 1]),
    /returned nothing; does the function end with return/,
  ],
  ["a promise", () => ode.solve((async (y: Tensor) => y) as never, float64([1]), [0, 1]), /a promise/],
  ["no function", () => ode.solve(float64([1]) as never, float64([1]), [0, 1]), /the rate must be a function/],
  [
    "a list as the state",
    () => ode.solve((y) => y, [1] as never, [0, 1]),
    /the state must be a tensor, but \[1\] came/,
  ],
  [
    "a method's name",
    () => ode.solve((y) => y, float64([1]), [0, 1], { method: "tsit5" as never }),
    /write method: ode\.tsit5/,
  ],
  [
    "SciPy's name",
    () => ode.solve((y) => y, float64([1]), [0, 1], { method: "RK45" as never }),
    /write method: ode\.dopri5/,
  ],
  [
    "a misspelt option",
    () => ode.solve((y) => y, float64([1]), [0, 1], { rtoll: 1 } as never),
    /no option rtoll; did you mean rtol\?/,
  ],
  ["SciPy's option", () => ode.solve((y) => y, float64([1]), [0, 1], { max_step: 1 } as never), /did you mean maxStep/],
])("%s is refused with advice", (_, f, message) => expect(f).toThrow(message));
