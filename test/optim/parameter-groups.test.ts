import { readFileSync } from "node:fs";
import { nn, optim, parameter, parameterOf, tensor } from "pondus";
import { expect, test } from "vitest";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/parameter_groups.json", import.meta.url), "utf8"));
const float64 = { dtype: "float64" } as const;

function problem() {
  const { weight, bias, fixed } = fixture.starts;
  const w = parameter([2, 2], weight.flat(), float64);
  const b = parameter([2], bias, float64);
  const f = parameter([1], fixed, float64);
  const loss = w.matmul(b).sub(f).square().sum().add(w.sin().sum()).add(b.square().sum());
  return { w, b, f, loss };
}
const values = (x: Parameters<typeof parameterOf>[0]) => [...parameterOf(x)!.read()];

const makers = {
  sgd: (options: optim.CommonOptions) => optim.sgd({ ...options, momentum: 0.9, weightDecay: 0.1 }),
  adam: (options: optim.CommonOptions) => optim.adam({ ...options, weightDecay: 0.1 }),
  adamw: (options: optim.CommonOptions) => optim.adamw({ ...options, weightDecay: 0.1 }),
};

test.each(Object.entries(makers))("%s: groups as PyTorch has them, in one go and resumed", async (name, make) => {
  for (const breaks of [[6], [1, 6], [4, 6]]) {
    const { w, b, f, loss } = problem();
    const optimizer = make({
      learningRate: 0.05,
      groups: [
        { parameters: f, frozen: true },
        // A schedule, and a test: biases and norms are of one axis.
        { parameters: optim.biasesAndNorms, learningRate: optim.schedules.constant(0.01), weightDecay: 0 },
      ],
    });
    let resume: optim.Checkpoint | undefined;
    for (const steps of breaks) ({ checkpoint: resume } = await optim.fit({ loss, optimizer, steps, resume }));
    const wanted = fixture.results[name];
    wanted.weight.flat().forEach((x: number, i: number) => expect(values(w)[i]).toBeCloseTo(x, 12));
    wanted.bias.forEach((x: number, i: number) => expect(values(b)[i]).toBeCloseTo(x, 12));
    expect(values(f)).toEqual(fixture.starts.fixed);
  }
});

test("a layer of a model as a group; what is frozen does not count in the norm of the gradients", async () => {
  const model = nn.sequential(nn.dense(1, 1, float64), nn.dense(1, 1, float64));
  nn.initialize(model, 3);
  const [first, second] = Object.values(nn.parametersOf(model)).map((p) => [...p.read()]);
  const loss = model(tensor([[1], [2]], float64))
    .sub(1e6)
    .square()
    .mean();
  const clip = optim.clipByGlobalNorm(1);
  const optimizer = optim.sgd({
    learningRate: 1,
    clip,
    groups: [{ parameters: model.children[0], frozen: true }],
  });
  await optim.fit({ loss, optimizer, parameters: model, steps: 1 });
  const after = Object.values(nn.parametersOf(model)).map((p) => [...p.read()]);
  expect(after.slice(0, 2)).toEqual([first, second]);
  const before = nn.sequential(nn.dense(1, 1, float64), nn.dense(1, 1, float64));
  nn.initialize(before, 3);
  const moved = Object.values(nn.parametersOf(before)).flatMap((p, i) => [...p.read()].map((x, j) => after[i][j] - x));
  expect(Math.hypot(...moved)).toBeCloseTo(1, 9);
});

test("says which groups it cannot take", () => {
  const { w, f, loss } = problem();
  const stranger = parameter([1], 0, float64);
  const minimize = (groups: optim.ParameterGroup[]) => optim.sgd({ learningRate: 0.1, groups }).minimize(loss);
  expect(() => minimize([{ parameters: stranger }])).toThrow(/group 1 holds none of the parameters to train/);
  expect(() => minimize([{ parameters: f }, { parameters: w, learningRate: -1 }])).toThrow(
    /learningRate of group 2 must be a number from 0/,
  );
  expect(() => minimize([{ parameters: w, weightDecay: Number.NaN }])).toThrow(/weightDecay of group 1 must be/);
  expect(() => minimize([{ parameters: () => true, frozen: true }])).toThrow(/all parameters are in frozen groups/);
  const groups = [{ parameters: w, frozen: true }];
  expect(() => optim.lbfgs({ groups } as optim.LbfgsOptions)).toThrow(
    /lbfgs: it moves all parameters along one direction/,
  );
  expect(() => optim.newtonCG({ groups } as optim.NewtonCGOptions)).toThrow(/newtonCG: it moves all/);
});
