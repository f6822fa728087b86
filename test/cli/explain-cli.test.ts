import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { file, folder, pondus } from "../support/command-line.ts";

/** A page with its own `explain`: the rate is the logistic law itself, so that what is read off must be that law. */
const page = `import { defineSystem, nn, optim, tensor } from "pondus";

const x = Array.from({ length: 24 }, (_, i) => i / 12 - 1);

export default defineSystem({
  name: "wave",
  title: "A <wave>",
  summary: "A small network learns sin(3x).",
  settings: { steps: 300, learningRate: 1e-2 },
  model: () => nn.sequential(nn.dense(1, 8), nn.tanh, nn.dense(8, 1)),
  async train(session) {
    const at = tensor(x).reshape([-1, 1]);
    const loss = nn.mse(session.model(at), tensor(x.map((v) => Math.sin(3 * v))).reshape([-1, 1]));
    const fitted = await session.fit("wave", { loss, optimizer: optim.adam({ learningRate: session.learningRate }) });
    return { metrics: { loss: fitted.loss } };
  },
  explain({ model }) {
    const at = tensor(x).reshape([-1, 1]);
    const values = x.map((v) => 350 + 300 * v);
    return {
      network: model,
      inputs: at,
      inputNames: ["x"],
      residuals: model(at).sub(tensor(x.map((v) => Math.sin(3 * v))).reshape([-1, 1])),
      rates: {
        time: "hours",
        states: [{ name: "yeast", values }],
        rates: [values.map((N) => 0.5 * N * (1 - N / 600))],
        reference: { r: 0.51, K: 600 },
      },
    };
  },
});
`;

beforeAll(async () => {
  file("wave.ts", page);
  expect(await pondus(["train", "./wave.ts", "--out", "wave"])).toMatchObject({ code: 0 });
});

test("what is looked at is said where it is not all that was trained", async () => {
  const train = ["train", "yeast", "--steps", "30", "--ensemble", "3", "--law", "augmented", "--out", "several"];
  expect(await pondus(train)).toMatchObject({ code: 0 });
  const { stdout } = await pondus(["explain", "several"]);
  expect(stdout.replace(/\s+/g, " ")).toContain(
    "What is looked at The first of 3 networks; the law is read off the mean path of all. The rate depends on 2 hidden states",
  );
  const { about } = JSON.parse((await pondus(["explain", "several", "--json"])).stdout);
  expect(about).toMatch(/^The first of 3 networks/);
});

test("explain --json: one document with symmetry, spectrum, knobs and law; a page, and a link to it", async () => {
  const { code, stdout } = await pondus(["explain", "wave", "--json"]);
  expect(code).toBe(0);
  const found = JSON.parse(stdout);
  const number = expect.any(Number);
  expect(found).toMatchObject({
    system: "wave",
    run: "wave",
    inputs: "its own",
    inputNames: ["x"],
    symmetry: {
      // 8! 2^8
      copies: String(40320 * 256),
      log10Copies: number,
      flips: { units: 8, maxDifference: 0 },
      excluded: [],
    },
    decades: number,
    effectiveKnobs: number,
    identifiability: { of: "residuals", knobs: 25, numbers: 24, method: "dense" },
    law: {
      name: "logistic",
      symbols: { N: "yeast" },
      terms: [{ term: "N" }, { term: "N^2" }],
      r: expect.closeTo(0.5, 9),
      K: expect.closeTo(600, 6),
      difference: { r: expect.closeTo(0.5 / 0.51 - 1, 9), K: expect.closeTo(0, 9) },
    },
  });
  expect(found.symmetry.maxDifference).toBeLessThan(1e-5);
  expect(found.symmetry.moved).toBeGreaterThan(0.1);
  expect(found.spectrum).toHaveLength(24);
  expect(found.spectrum).toEqual(found.spectrum.toSorted((a: number, b: number) => b - a));
  expect(found.effectiveKnobs).toBeLessThan(25);
  expect(found.knobs.ranked).toHaveLength(25);
  expect(found.knobs.units).toHaveLength(8);

  const html = readFileSync(join(folder, "wave", "explain.html"), "utf8");
  expect(html).toContain("<h1>A &lt;wave&gt;: what was learned</h1>");
  expect(html).toContain("dN/dt = 0.5 N - 0.0008333 N^2");
  expect(html).toContain("<svg");
  // Self-contained: it loads nothing.
  expect(html).not.toMatch(/<(script|link|img)|src=/);
  const report = () => readFileSync(join(folder, "wave", "report.html"), "utf8");
  expect(report().match(/href="explain\.html"/g)).toHaveLength(1);
  await pondus(["explain", "wave"]);
  expect(report().match(/href="explain\.html"/g)).toHaveLength(1);
});

test("explain prints tables and pictures; progress does not mix with them", async () => {
  const { code, stdout } = await pondus(["explain", "wave"]);
  expect(code).toBe(0);
  for (const said of [
    "Symmetry",
    "10,321,920 settings",
    "Effective knobs",
    "0.weight[0, ",
    "logistic law",
    "600 (by the",
  ]) {
    expect(stdout).toContain(said);
  }
  expect(stdout).not.toContain("\x1b");
  expect(stdout.trimEnd()).toMatch(/wave.explain\.html$/);
});

test("a page without `explain` is looked at on normal inputs; one that does not say how its model is applied, not at all", async () => {
  const plain = page.replace(/ {2}explain\(\{[\s\S]*?\n {2}\},\n\}\);/, "});");
  expect(plain).not.toContain("explain");
  file("plain.ts", plain);
  await pondus(["train", "./plain.ts", "--steps", "5", "--out", "plain"]);
  const found = JSON.parse((await pondus(["explain", "plain", "--json"])).stdout);
  expect(found).toMatchObject({
    inputs: "standard normal",
    identifiability: { of: "outputs" },
    knobs: { samples: 200 },
  });
  file(
    "list.ts",
    plain
      .replace("model: () => nn", "model: () => [nn")
      .replace("nn.dense(8, 1))", "nn.dense(8, 1))]")
      .replace("session.model(at)", "session.model[0](at)"),
  );
  await pondus(["train", "./list.ts", "--steps", "5", "--out", "list"]);
  const refused = await pondus(["explain", "list", "--json"]);
  expect(refused.code).toBe(2);
  expect(JSON.parse(refused.stdout).error).toMatchObject({
    code: "explain.none",
    message: expect.stringContaining("`network`"),
  });
});

test("what is no finished run is refused with advice", async () => {
  const missing = await pondus(["explain", "nowhere"]);
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(missing.stderr).toContain("nowhere is not a run folder");
  expect((await pondus(["explain", "yeast"])).stderr).toContain("pondus train yeast makes one");
  await pondus(["train", "./wave.ts", "--steps", "5", "--out", "half"]);
  const path = join(folder, "half", "run.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"status": "finished"', '"status": "interrupted"'));
  const half = await pondus(["explain", "half", "--json"]);
  expect(half.code).toBe(2);
  expect(JSON.parse(half.stdout).error).toMatchObject({
    code: "run.unfinished",
    message: expect.stringContaining("pondus train --resume half"),
  });
});

test("the network of the yeast gives back the logistic law, with the r and K of least squares", async () => {
  expect(await pondus(["train", "yeast", "--out", "grown"])).toMatchObject({ code: 0 });
  const found = JSON.parse((await pondus(["explain", "grown", "--json"])).stdout);
  expect(found.law).toMatchObject({ name: "logistic", terms: [{ term: "N" }, { term: "N^2" }] });
  const { r, K } = found.law.reference;
  expect(Math.abs(found.law.r / r - 1)).toBeLessThan(0.05);
  expect(Math.abs(found.law.K / K - 1)).toBeLessThan(0.01);
  // 19 measurements cannot know more than 19 knobs.
  expect(found.identifiability).toMatchObject({ of: "residuals", knobs: 1154, numbers: 19, zeros: 1154 - 19 });
  expect(found.effectiveKnobs).toBeLessThan(19);
  expect(found.decades).toBeGreaterThan(8);
  // log10 of 32! twice.
  expect(found.symmetry.log10Copies).toBeCloseTo(2 * 35.42017, 4);
}, 120_000);

const lynxAndHare = join(import.meta.dirname, "../..", "..", "shared", "data", "ode", "hudson_bay_lynx_hare.csv");

test.runIf(existsSync(lynxAndHare))(
  "that of lynx and hare (needs ../shared/data) the law of Lotka and Volterra",
  async () => {
    const columns = ["--time", "Year", "--state", "Hare,Lynx"];
    await pondus(["train", "yeast", "--data", lynxAndHare, ...columns, "--out", "hunted"]);
    const { law } = JSON.parse((await pondus(["explain", "hunted", "--json"])).stdout);
    expect(law).toMatchObject({ name: "Lotka-Volterra", symbols: { x: "Hare", y: "Lynx" } });
    expect(law.terms.map((t: { term: string; coefficient: number }) => [t.term, Math.sign(t.coefficient)])).toEqual([
      ["x", 1],
      ["x y", -1],
      ["y", -1],
      ["x y", 1],
    ]);
  },
  120_000,
);
