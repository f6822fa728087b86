import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Metrics, openRun, type Plot, predict, readTimeSeries, restoreModel, train } from "pondus/experiment";
import { parseCsv } from "pondus/io";
import { neuron, yeast } from "pondus/systems";
import { afterAll, describe, expect, test } from "vitest";
import { guessInteraction } from "../../src/systems/yeast/lotka-volterra.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const out = (name: string) => join(scratch, name);

test.each(["hybrid", "augmented", "classical"])("%s: kept in run.json, resumed and asked", async (law) => {
  const { run, metrics, options } = await train(yeast, { law, steps: 30, out: out(law) });
  expect(options.law).toBe(law);
  const again = await train(yeast, { resume: openRun(run) });
  expect(again.metrics).toEqual(metrics);
  const answer = await predict(yeast, openRun(run), [[0], [4.5]]);
  expect(Array.from(answer.yeast).every(Number.isFinite)).toBe(true);
  expect(readFileSync(join(run, "report.html"), "utf8")).toMatch(new RegExp(`law</td><td>${law}<`));
});

test("hybrid: r and K are trained beside the network", async () => {
  const { metrics = {}, parameters, options } = await train(yeast, { law: "hybrid", steps: 200, out: out("beside") });
  expect({ parameters, rate: options.learningRate }).toEqual({ parameters: 1156, rate: 3e-3 });
  const { r, K } = metrics.hybrid as Record<string, number>;
  // It begins with r = 2 to a quarter of 18 hours, and K at the largest measurement.
  expect(Math.abs(r - 2 / 4.5)).toBeGreaterThan(1e-4);
  expect(Math.abs(K - 661.8)).toBeGreaterThan(0.1);
});

test("augmented: two more states, which start at 0 and are not measured", async () => {
  const { run, metrics = {}, parameters } = await train(yeast, { law: "augmented", steps: 30, out: out("hidden") });
  expect(metrics.augmented).toEqual({ hidden: 2 });
  expect(parameters).toBe(3 * 32 + 32 + 32 * 32 + 32 + 32 * 3 + 3 + 1);
  const { model } = restoreModel(yeast, openRun(run));
  expect(model.start.shape).toEqual([3]);
});

test("the law alone, by solving its equation, is that of the closed form", async () => {
  const { metrics = {}, parameters, options } = await train(yeast, { law: "logistic", out: out("solved") });
  expect({ parameters, optimizer: options.optimizer }).toEqual({ parameters: 3, optimizer: "lm" });
  const { r, K, N0 } = metrics.solved as Record<string, number>;
  const { all } = fixture("logistic_fit");
  // Two steps from hour to hour are short enough for four digits.
  expect(r / all.r).toBeCloseTo(1, 4);
  expect(K / all.K).toBeCloseTo(1, 5);
  expect(N0 / all.N0).toBeCloseTo(1, 3);
});

/** dx/dt = x (a + b y), dy/dt = y (c + d x), by very short steps. */
function lotkaVolterra([a, b, c, d]: readonly number[], [x0, y0]: readonly number[], rows: number, every: number) {
  let [x, y] = [x0, y0];
  const lines = ["t,x,y"];
  const h = every / 2000;
  for (let row = 0; row < rows; row++) {
    lines.push(`${row * every},${x},${y}`);
    for (let i = 0; i < 2000; i++) {
      const [u, v] = [x + (h / 2) * x * (a + b * y), y + (h / 2) * y * (c + d * x)];
      [x, y] = [x + h * u * (a + b * v), y + h * v * (c + d * u)];
    }
  }
  return `${lines.join("\n")}\n`;
}

test.each([
  ["hunters and hunted", [1.1, -0.4, -0.4, 0.1], [10, 5], 40, 1],
  ["rivals", [0.5, -0.02, 0.6, -0.03], [5, 4], 15, 0.5],
])("%s: a first guess at the knobs that they were made with", (_, knobs, start, rows, every) => {
  const series = readTimeSeries(parseCsv(lotkaVolterra(knobs, start, rows, every), "made"), {});
  const { growth, interaction } = guessInteraction(series);
  [growth[0], interaction[0], growth[1], interaction[1]].forEach((x, i) => expect(x / knobs[i]).toBeCloseTo(1, 2));
});

test("a path that runs off is no guess: nothing changes at first", () => {
  const wild = "t,x,y\n0,1,1e-9\n1,1e9,1\n2,1e-9,1e9\n3,1e9,1e-9\n4,1,1\n";
  const { growth, interaction } = guessInteraction(readTimeSeries(parseCsv(wild, "wild"), {}));
  expect([...growth, ...interaction].every(Number.isFinite)).toBe(true);
});

describe.each([
  ["an unknown law", {}, "gravity", /^yeast knows no law "gravity"; choose from network, hybrid, augmented, classical/],
  ["that of two states for one", {}, "lotka-volterra", /for these data it is logistic; leave --law out/],
])("refuses %s", (_, options, law, says) => {
  test(law, async () => {
    await expect(train(yeast, { ...options, law, out: out("none") })).rejects.toThrow(says);
  });
});

test("a page that has no laws to choose from says so", async () => {
  await expect(train(neuron, { law: "hybrid", out: out("none") })).rejects.toThrow(/leave --law out/);
});

const file = join(import.meta.dirname, "../..", "..", "shared", "data", "ode", "hudson_bay_lynx_hare.csv");

describe.skipIf(!existsSync(file))("lynx and hare (needs ../shared/data)", () => {
  test.each([0, 1, 2])("seed %i: the network is nearer to both than Lotka and Volterra", async (seed) => {
    const { metrics = {}, plots } = await train(yeast, { data: { file }, seed, out: out(`lynx-${seed}`) });
    const scipy = fixture("lotka_volterra_fit");
    const law = metrics.lotkaVolterra as Metrics & Record<string, Record<string, number>>;
    // The page takes two steps a year, SciPy as many as it needs.
    expect((law.rmse as unknown as number) / scipy.rmse).toBeCloseTo(1, 3);
    for (const state of ["Lynx", "Hare"]) {
      for (const [name, value] of Object.entries(scipy[state])) {
        expect(law[state][name] / (value as number)).toBeCloseTo(1, 3);
      }
    }
    expect(metrics.rmse).toBeLessThan(law.rmse as unknown as number);
    expect((plots as Plot[]).map(({ title }) => title)).toContain("The phase plane");
  });

  test("the law alone, and a network beside it, begin where the data suggest", async () => {
    const alone = await train(yeast, { data: { file }, law: "lotka-volterra", out: out("alone") });
    const { solved, lotkaVolterra: beside } = alone.metrics as Record<string, Metrics>;
    expect(alone.parameters).toBe(6);
    expect((solved.Hare as Metrics).growth).toBeCloseTo((beside.Hare as Metrics).growth as number, 5);
    const hybrid = await train(yeast, { data: { file }, law: "hybrid", steps: 30, out: out("both") });
    expect(hybrid.metrics?.rmse).toBeLessThan(20);
    expect(Object.keys(hybrid.metrics?.hybrid as Metrics)).toEqual(["Lynx", "Hare"]);
  });
});

test("two states of which one dies out: why no law stands beside them is said", async () => {
  const rows = Array.from({ length: 8 }, (_, i) => `${i},${1 + i},${7 - i}`);
  writeFileSync(join(scratch, "extinct.csv"), `t,hare,lynx\n${rows.join("\n")}\n`);
  const { samples } = await train(yeast, {
    data: { file: join(scratch, "extinct.csv") },
    steps: 5,
    out: out("extinct"),
  });
  expect(samples?.[0].text).toMatch(
    /Lotka and Volterra wants .* all of it above 0; hare goes down to 1, lynx goes down to 0\./,
  );
});

test("what never changes has no law of change", async () => {
  writeFileSync(join(scratch, "flat.csv"), "t,n\n0,5\n1,5\n2,5\n3,5\n");
  const flat = train(yeast, { data: { file: join(scratch, "flat.csv") }, out: out("flat") });
  await expect(flat).rejects.toThrow(/flat\.csv: every n is 5: nothing changes, so there is no law of change to learn/);
});

test("three states: a network learns them, and no law is known", async () => {
  const rows = Array.from({ length: 8 }, (_, i) => `${i},${1 + i},${9 - i},${2 + i / 2}`);
  const text = `t,a,b,c\n${rows.join("\n")}\n`;
  const data = readTimeSeries(parseCsv(text, "three"), {});
  const model = yeast.model(data, "adam");
  expect(model.start.shape).toEqual([3]);
  expect(() => yeast.model(data, "adam", { law: "hybrid" })).toThrow(
    /^--law hybrid: none is known of these data \(logistic wants one state.*choose network or augmented/,
  );
});
