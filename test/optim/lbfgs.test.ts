import { readFileSync } from "node:fs";
import { compile, type DType, nn, optim, parameter, parameterOf, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";
import { quadratic, rosenbrock } from "../support/valleys.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/lbfgs.json", import.meta.url), "utf8"));
const read = (x: Tensor) => [...parameterOf(x)!.read()];

interface Trajectory {
  memory: number;
  x: number[][];
  loss: number[];
  evaluations: number[];
}

describe("step for step as SciPy's L-BFGS-B", () => {
  const cases: [string, () => { x: Tensor; loss: Tensor }, number][] = [
    ["rosenbrock", () => rosenbrock(2), 1e-7],
    ["rosenbrockMemory3", () => rosenbrock(6), 1e-7],
    ["quadratic", () => quadratic(fixture.quadratic.a, fixture.quadratic.b), 1e-9],
  ];
  test.each(cases)("%s", async (name, make, tolerance) => {
    const { memory, x: iterates, loss: losses, evaluations } = fixture[name] as Trajectory;
    const { x, loss } = make();
    const program = compile(() => ({ loss, ...optim.lbfgs({ memory, tolerance: 1e-11 }).minimize(loss) }));
    for (const [step, wanted] of iterates.entries()) {
      read(x).forEach((at, i) => expect(Math.abs(at - wanted[i]), `step ${step}`).toBeLessThan(tolerance));
      const r = await program.run();
      expect(Math.abs(r.loss.item() - losses[step])).toBeLessThan(tolerance * (1 + losses[step]));
      // Every gradient is asked once: that of a step's last trial is the next step's first.
      expect(r.gradientEquivalents?.item(), `step ${step}`).toBe(evaluations[step]);
    }
  });
});

onEveryBackend((backend) => {
  test("Rosenbrock's valley of many dimensions ends at ones", async () => {
    const { x, loss } = rosenbrock(backend === "reference" ? 10 : 100);
    const {
      stopped,
      history,
      checkpoint,
      loss: last,
    } = await optim.fit({
      loss,
      optimizer: optim.lbfgs(),
      steps: 2000,
      recordEvery: 100,
      backend,
    });
    expect(stopped).toBe("converged");
    for (const at of read(x)) expect(at).toBeCloseTo(1, 9);
    // The last step found nothing left to do: its loss is that of the weights as they are.
    expect(last).toBeLessThan(1e-18);
    expect(history.at(-1)).toEqual({
      step: checkpoint.step,
      loss: last,
      gradientEquivalents: optim.gradientEquivalents(checkpoint),
    });
  });
});

test("with exact line searches it ends after as many steps as a quadratic has dimensions", async () => {
  const { x, loss } = quadratic(fixture.quadratic.a, fixture.quadratic.b);
  const lineSearch = { curvature: 1e-12 };
  const { stopped, steps } = await optim.fit({
    loss,
    optimizer: optim.lbfgs({ lineSearch, tolerance: 1e-8 }),
    steps: 99,
  });
  expect(stopped).toBe("converged");
  // The last of the steps finds that nothing is left.
  expect(steps).toBeLessThanOrEqual(fixture.quadratic.b.length + 1);
  expect(read(x)).toEqual(fixture.quadratic.b.map((b: number) => expect.closeTo(b, 9)));
});

test("a trial where the loss is no number was too far", async () => {
  const x = parameter([], 0.5, { dtype: "float64" });
  const { stopped } = await optim.fit({ loss: x.mul(100).sub(x.log()), optimizer: optim.lbfgs(), steps: 100 });
  expect(stopped).toBe("converged");
  expect(read(x)[0]).toBeCloseTo(0.01, 12);
});

test("in float32 it ends where the loss has no digits left", async () => {
  const { x, loss } = rosenbrock(2, "float32");
  const { stopped } = await optim.fit({ loss, optimizer: optim.lbfgs(), steps: 500 });
  expect(stopped).toBe("converged");
  for (const at of read(x)) expect(at).toBeCloseTo(1, 2);
});

test("weights that somebody else changed are looked at anew", async () => {
  const { x, loss } = quadratic([1, 10], [1, 2]);
  const program = compile(() => optim.lbfgs().minimize(loss));
  for (let i = 0; i < 3; i++) await program.run();
  parameterOf(x)!.write([5, -5]);
  expect((await program.run()).loss?.item()).toBe(0.5 * (16 + 490));
  for (let i = 0; i < 20; i++) await program.run();
  expect(read(x)).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9)]);
});

/** A small network on a sine, in float64. */
function sine(seed: number, dtype: DType = "float64") {
  const net = nn.sequential(nn.dense(1, 8, { dtype }), nn.tanh, nn.dense(8, 1, { dtype }));
  nn.initialize(net, seed);
  const x = tensor(
    Array.from({ length: 20 }, (_, i) => [i / 5 - 2]),
    { dtype },
  );
  return { net, loss: nn.mse(net(x), x.mul(2).sin()) };
}

test("interrupted and resumed it ends with the same bytes, memory and counts too", async () => {
  const settings = { optimizer: optim.lbfgs({ memory: 5 }), steps: 40, recordEvery: 10 };
  const whole = sine(1);
  const straight = await optim.fit({ ...settings, loss: whole.loss, parameters: whole.net });

  const broken = sine(1);
  const stop = new AbortController();
  const onProgress = ({ step }: { step: number }) => step > 12 && stop.abort();
  const first = await optim.fit({
    ...settings,
    loss: broken.loss,
    parameters: broken.net,
    signal: stop.signal,
    onProgress,
  });
  expect(first.stopped).toBe("interrupted");
  expect(first.steps).toBeLessThan(40);

  const second = sine(2);
  const resumed = await optim.fit({
    ...settings,
    loss: second.loss,
    parameters: second.net,
    resume: structuredClone(first.checkpoint),
  });
  expect(resumed.history).toEqual(straight.history);
  expect(resumed.checkpoint).toEqual(straight.checkpoint);
  expect(Object.keys(straight.checkpoint.tensors)).toEqual(
    expect.arrayContaining(["lbfgs/evaluations", "lbfgs/pairs", "0.weight/s", "0.weight/y"]),
  );
  expect(straight.checkpoint.tensors["0.weight/s"].shape).toEqual([5, 1, 8]);
});

test("how steps are cut into calls does not change a bit", async () => {
  const run = async (recordEvery: number) => {
    const { net, loss } = sine(3);
    await optim.fit({ loss, optimizer: optim.lbfgs(), steps: 30, recordEvery });
    return Object.values(nn.parametersOf(net)).map((p) => [...p.read()]);
  };
  expect(await run(1)).toEqual(await run(30));
});

test("says what it cannot do", async () => {
  expect(() => optim.lbfgs({ memory: 0 })).toThrow(/memory must be a whole number from 1, but 0 came/);
  const [w, v] = [parameter([], 1, { name: "w" }), parameter([], 1, { name: "v", dtype: "float64" })];
  expect(() => optim.lbfgs().minimize(w.cast("float64").mul(v))).toThrow(/the loss is float64 .*w is float32/);
  const noisy = optim.fit({ loss: ({ step }) => w.mul(step.cast("float32")), optimizer: optim.lbfgs(), steps: 2 });
  await expect(noisy).rejects.toThrow(/lbfgs compares the losses of different steps/);
  const nowhere = optim.fit({ loss: v.sub(2).log(), optimizer: optim.lbfgs(), steps: 2 });
  await expect(nowhere).rejects.toThrow(/the loss at step 1 is NaN.*log \[\] \(at lbfgs\.test\.ts:\d+\) gave NaN/);
});
