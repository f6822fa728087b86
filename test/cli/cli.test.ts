import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "pondus/io";
import { beforeAll, describe, expect, test } from "vitest";
import { bin, file, folder, pondus } from "../support/command-line.ts";

const page = `import { nn, optim, tensor, type Tensor } from "pondus";
import { defineSystem } from "pondus/experiment";

const x: number[] = Array.from({ length: 40 }, (_, i) => i / 20 - 1);

export default defineSystem({
  name: "sine",
  title: "A sine",
  summary: "A small network learns sin(3x).",
  settings: { steps: 400, learningRate: 1e-2 },
  model: () => nn.sequential(nn.dense(1, 16), nn.tanh, nn.dense(16, 1)),
  async train(session) {
    const inputs: Tensor = tensor(x).reshape([-1, 1]);
    const targets = tensor(x.map((v) => Math.sin(3 * v))).reshape([-1, 1]);
    const loss = nn.mse(session.model(inputs), targets);
    const fitted = await session.fit("first", { loss, optimizer: optim.adam({ learningRate: session.learningRate }) });
    await session.fit("second", { loss, optimizer: optim.sgd({ learningRate: 1e-3 }) });
    return { metrics: { loss: fitted.loss } };
  },
  async predict({ model, evaluate }, inputs) {
    const at = inputs.flat();
    const { y } = await evaluate({ y: model(tensor(at).reshape([-1, 1])) });
    return { x: at, y: y.data };
  },
});
`;

test("systems: a table, or one JSON document", async () => {
  const table = await pondus(["systems"]);
  expect(table).toMatchObject({ code: 0, stderr: "" });
  expect(table.stdout).toMatch(/yeast .*1,154 knobs/);
  const names = JSON.parse((await pondus(["systems", "--json"])).stdout).map((s: { name: string }) => s.name);
  expect(names).toEqual(["neuron", "yeast", "dimer", "curvature", "vision", "sequence", "friction", "proteins"]);
});

test("doctor names every backend, the threads that programs use, and what WebAssembly has", async () => {
  const { stdout } = await pondus(["doctor", "--json"]);
  const { backends, threads, webassembly } = JSON.parse(stdout);
  expect(backends.map((b: { name: string }) => b.name)).toEqual(["native", "wasm", "reference"]);
  expect(threads).toMatch(/^\d+/);
  expect(webassembly).toMatch(/^vectors, (no )?relaxed SIMD/);
  const changed = await pondus(["doctor"], undefined, { PONDUS_THREADS: "3", PONDUS_RELAXED_SIMD: "0" });
  expect(changed.stdout).toContain("3, as PONDUS_THREADS says");
  expect(changed.stdout).toContain("no relaxed SIMD (PONDUS_RELAXED_SIMD=0)");
});

test("train yeast --json: one document on stdout, a whole run folder, and answers from it", async () => {
  const { code, stdout, stderr } = await pondus(["train", "yeast", "--steps", "40", "--seed", "3", "--json"]);
  expect(code).toBe(0);
  const result = JSON.parse(stdout);
  const number = expect.any(Number);
  expect(result).toMatchObject({
    system: "yeast",
    seed: 3,
    backend: expect.any(String),
    parameters: 1154,
    seconds: number,
    run: expect.stringMatching(/^runs.yeast-\d+$/),
    metrics: {
      rmse: number,
      logistic: { rmse: number, r: number, K: number, N0: number },
      forecast: { rmse: number, logisticRmse: number },
    },
  });
  expect(stderr).toMatch(/growth: step 40 of 40, loss/);
  expect(stderr).not.toContain("\x1b");
  const run = join(folder, result.run);
  const files = ["checkpoint.safetensors", "metrics.jsonl", "report.html", "run.json", "weights.safetensors"];
  expect(readdirSync(run).sort()).toEqual(files);
  expect(JSON.parse(readFileSync(join(run, "run.json"), "utf8"))).toMatchObject({ status: "finished", seed: 3 });
  const history = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  expect(history.map((line) => JSON.parse(line).fit)).toContain("growth-logistic");
  expect(Object.keys(readSafetensors(join(run, "weights.safetensors")).tensors)).toContain("rate.0.weight");
  const report = readFileSync(join(run, "report.html"), "utf8");
  expect(report).toMatch(/<svg[\s\S]*<\/html>/);
  expect(report).not.toMatch(/src=|href=|url\(/);

  const answer = JSON.parse((await pondus(["predict", result.run, "0", "20,24", "--json"])).stdout);
  expect(answer.columns.hours).toEqual([0, 20, 24]);
  expect(answer.columns.logistic[0]).toBeCloseTo(9.14, 1);
  expect(JSON.parse((await pondus(["weigh", result.run, "--json"])).stdout).parameters.total).toBe(1154);
});

test("--patience ends a fit at its best validation; progress and weigh show train against validation", async () => {
  const held = page
    .replace(
      "const loss = nn.mse(session.model(inputs), targets);",
      "const loss = nn.mse(session.model(inputs), targets); const unseen = session.model(inputs).square().mean();",
    )
    .replace("{ loss, optimizer: optim.adam", "{ loss, validation: { loss: unseen }, optimizer: optim.adam");
  const args = ["train", file("held.ts", held), "--patience", "3", "--out", "held"];
  const { code, stdout, stderr } = await pondus([...args, "--json"]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/first: step \d+ of 400, loss .*, validation [\d.e-]+, gap -?[\d.e-]+/);
  const { fits, options } = JSON.parse(stdout);
  expect(options.patience).toBe(3);
  expect(fits.first).toMatchObject({
    stopped: "early",
    restored: true,
    knobs: 49,
    observations: 40,
    gap: expect.any(Number),
  });
  const { run } = JSON.parse((await pondus(["weigh", "held", "--json"])).stdout);
  expect(run).toMatchObject({ fit: "second", knobs: 49, observations: 40, knobsPerDatum: 49 / 40, fits });
  expect((await pondus(["weigh", "held"])).stdout).toMatch(/Knobs and data\n {2}first: 49 knobs on 40 numbers/);
});

test("on somebody's own measurements: any column names, one or more states", async () => {
  const rows = Array.from({ length: 8 }, (_, i) => `${i / 2},${1 + i},${9 - i},ignored`);
  const data = file("mine.csv", `# measured by hand\nday,hare,lynx,note\n${rows.join("\n")}\n`);
  const args = ["train", "yeast", "--data", data, "--steps", "20", "--json"];
  const two = await pondus([...args, "--time", "day", "--state", "hare,lynx", "--out", "two"]);
  expect(JSON.parse(two.stdout)).toMatchObject({ metrics: { rmse: expect.any(Number) } });
  expect(two.stdout).not.toContain("logistic");
  // What the run needs lies in its folder.
  rmSync(join(folder, data));
  const answer = await pondus(["predict", "two", "1.25"]);
  expect(answer.stdout).toMatch(/^ +day +hare +lynx\n +1\.25 /);
});

test("a person's own page, from any folder; its run weighs and predicts", async () => {
  file("my-system.ts", page);
  const { code, stdout, stderr } = await pondus(["train", "./my-system.ts", "--out", "mine"]);
  expect({ code, stderr: stderr.split("\n")[0] }).toMatchObject({ code: 0 });
  expect(stdout).toContain("49 knobs");
  expect(JSON.parse((await pondus(["weigh", "./my-system.ts", "--json"])).stdout).parameters.total).toBe(49);
  expect(JSON.parse((await pondus(["predict", "mine", "0.5", "--json"])).stdout).columns.x).toEqual([0.5]);
});

const rows = "t,n\n0,1\n1,2\n2,3\n3,4\n";

function binary(): string {
  writeFileSync(
    join(folder, "b.csv"),
    Uint8Array.from({ length: 300 }, (_, i) => i),
  );
  return "b.csv";
}

const mistakes: [what: string, args: () => string[], says: RegExp, code?: number][] = [
  ["an unknown system", () => ["train", "yeats"], /there is no system "yeats"; did you mean "yeast"\?/],
  ["nothing", () => ["train"], /name a system/],
  ["an unknown command", () => ["trian", "yeast"], /unknown command 'trian'\n\(Did you mean train\?\)/],
  [
    "a number that is none",
    () => ["train", "yeast", "--steps", "many"],
    /--steps must be a whole number from 1, but "many"/,
  ],
  ["an unknown backend", () => ["train", "yeast", "--backend", "gpu"], /--backend must be one of auto, native, wasm/],
  [
    "a run that is none",
    () => ["train", "--resume", "nowhere"],
    /nowhere is not a run folder: there is no such folder/,
  ],
  [
    "patience where nothing is validated",
    () => ["train", file("my-system.ts", page), "--patience", "3"],
    /--patience ends a fit by its validation loss, but "first" has none; give session\.fit one/,
  ],
  ["options for a resumed run", () => ["train", "--resume", "x", "--seed", "1"], /leave --seed out/],
  ["another law for a resumed run", () => ["train", "--resume", "x", "--law", "hybrid"], /leave --law out/],
  ["an ensemble of one", () => ["train", "yeast", "--ensemble", "1"], /--ensemble must be .* 2 to 1,000, but 1 came/],
  ["fewer members than none", () => ["train", "yeast", "--ensemble", "-5"], /--ensemble must be .* 2 .*, but -5 came/],
  ["an ensemble where none is trained", () => ["train", "dimer", "--ensemble", "5"], /dimer trains no ensemble/],
  ["an unknown law", () => ["train", "yeast", "--law", "gravity"], /no law "gravity"; choose from network, hybrid/],
  ["a law of two states for one", () => ["train", "yeast", "--law", "lotka-volterra"], /for these data it is logistic/],
  [
    "too few rows",
    () => ["train", "yeast", "--data", file("f.csv", "t,n\n0,1\n1,2\n2,3\n")],
    /f\.csv: 3 rows of measurements came, and at least 4 are needed/,
  ],
  ["columns without a file", () => ["train", "yeast", "--time", "t"], /give it with --data FILE/],
  ["data for a system without", () => ["train", "dimer", "--data", "x.csv"], /dimer brings its own data/],
  ["a system that only weighs", () => ["train", "proteins"], /its data come in a later version/],
  ["data that are not there", () => ["train", "yeast", "--data", "no.csv"], /no\.csv: there is no such file/],
  ["an empty file", () => ["train", "yeast", "--data", file("e.csv", "")], /e\.csv: the file is empty/],
  [
    "a missing value",
    () => ["train", "yeast", "--data", file("m.csv", "t,n\n0,1\n1,\n")],
    /m\.csv:3: column "n": a value is missing/,
  ],
  [
    "text among numbers",
    () => ["train", "yeast", "--data", file("t.csv", "t,n\n0,1\n1,lots\n")],
    /t\.csv:3: column "n": expected a number, but "lots" came/,
  ],
  [
    "times out of order",
    () => ["train", "yeast", "--data", file("o.csv", "t,n\n0,1\n2,2\n1,3\n3,4\n")],
    /o\.csv:4: column "t": times must rise, but 1 comes after 2 \(line 3\)/,
  ],
  ["a file that is no text", () => ["train", "yeast", "--data", binary()], /b\.csv: text is needed here/],
  ["--data of nothing", () => ["train", "yeast", "--data", ""], /--data must be a name, but "" came/],
  [
    "the time as a state",
    () => ["train", "yeast", "--data", file("s.csv", rows), "--state", "t"],
    /s\.csv: column "t" is named twice/,
  ],
  [
    "more rows than can be learned",
    () => [
      "train",
      "yeast",
      "--data",
      file("l.csv", `t,n\n${Array.from({ length: 20_001 }, (_, i) => `${i},1\n`).join("")}`),
    ],
    /l\.csv: 20,001 rows came.*keep one row in 2/,
  ],
  [
    "a file in the run folder's place",
    () => ["train", "neuron", "--out", file("taken", "")],
    /taken: the run folder cannot be/,
  ],
  [
    "a folder below a file",
    () => ["train", "neuron", "--out", join(file("taken", ""), "x")],
    /part of the path is a file/,
  ],
  ["a system for a run", () => ["predict", "yeast", "1"], /yeast is a system, and a run folder is needed/],
  ["a folder for a system", () => ["weigh", "."], /\.: this is a folder; name the file/],
  [
    "a file of another kind",
    () => ["train", file("page.json", "{}")],
    /page\.json: a page is a file that ends in \.ts or \.js/,
  ],
  [
    "a slip of syntax in JavaScript",
    () => ["train", file("slip.js", "export default {\n  name: = 1,\n};\n")],
    /slip\.js:2:9: Expression expected/,
  ],
  ["a module that is not there", () => ["train", file("lone.ts", 'import "./absent.ts";\n')], /lone\.ts: .*absent\.ts/],
  [
    "a name that makes no folder",
    () => ["train", file("name.ts", page.replace('"sine"', '"../sine"'))],
    /name\.ts: the system's `name` should be one word.*"\.\.\/sine"/,
  ],
  [
    "a model that is none",
    () => ["weigh", file("nomodel.ts", page.replace(/model: .*/, "model: () => undefined as never,"))],
    /model: expected a layer.*but undefined came/,
  ],
  [
    "a loss that is none, with the line",
    () => ["train", file("noloss.ts", page.replace(/const loss = .*/, "const loss = 3 as never;"))],
    /the loss should be a tensor of one float.*but a number came\.\n {2}at .*noloss\.ts:16:\d+/,
  ],
  [
    "something odd that is thrown",
    () => ["train", file("odd.ts", page.replace(/const loss = .*/, "throw null; const loss = inputs;"))],
    /something that is no Error was thrown: null/,
    1,
  ],
  [
    "an outcome without numbers",
    () => ["train", file("out.ts", page.replace("fitted.loss", '"low" as never')), "--steps", "5"],
    /train\(\) should return numbers.*metrics\.loss is a string/,
    1,
  ],
  ["a page that is not there", () => ["train", "./no.ts"], /no\.ts: there is no such file/],
  [
    "a slip of syntax in a page",
    () => ["train", file("syntax.ts", page.replace("const fitted =", "const fitted = =")), "--steps", "5"],
    /syntax\.ts:16:20: Expression expected/,
  ],
  [
    "TypeScript that needs more than stripping",
    () => ["train", file("enum.ts", `enum Kind { a }\n${page}`)],
    /enum\.ts:1:1: TypeScript enum is not supported/,
  ],
  [
    "shapes that do not fit in a page",
    () => ["train", file("shape.ts", page.replace("nn.dense(16, 1)", "nn.dense(15, 1)"))],
    /matmul: inner sizes differ, \[40,16\] x \[15,1\] \(16 is not 15\); the weight was made by dense\(15, 1\) at shape\.ts:11/,
  ],
  [
    "a page that exports no system",
    () => ["train", file("none.ts", page.replace("export default", "export const mine ="))],
    /none\.ts: a page ends in `export default defineSystem.*exports mine/,
  ],
  [
    "a page without a model",
    () => ["train", file("part.ts", page.replace("  model:", "  modle:"))],
    /part\.ts: the system's `model` should be a function, but it is missing/,
  ],
  [
    "a mistake while a page runs",
    () => [
      "train",
      file("crash.ts", page.replace("return { metrics", "inputs.nothing();\n    return { metrics")),
      "--steps",
      "5",
    ],
    /crash\.ts:18:12: TypeError: inputs\.nothing is not a function/,
    1,
  ],
];

test.each(mistakes)("says what is wrong: %s", async (_, args, says, code = 2) => {
  const runs = existsSync(join(folder, "runs")) ? readdirSync(join(folder, "runs")) : [];
  const result = await pondus(args());
  expect(result.stderr).toMatch(says);
  expect(result).toMatchObject({ code, stdout: "" });
  // Bad input leaves nothing behind.
  if (code === 2 && existsSync(join(folder, "runs"))) expect(readdirSync(join(folder, "runs"))).toEqual(runs);
});

test("with --json an error is a document too", async () => {
  const { code, stdout } = await pondus(["train", "yeats", "--json"]);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 2, error: { code: "system.unknown" } });
});

test.each([[["trian"]], [["train", "--steps", "few"]], [["predict"]], [["weigh", "a", "b"]], [["doctor", "--nope"]]])(
  "and so is an error of usage: %j",
  async (args) => {
    const { code, stdout } = await pondus([...args, "--json"]);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 2,
      error: { code: "usage", message: expect.any(String) },
    });
  },
);

test("columns whose names hold commas; a comma at the end of every line", async () => {
  const data = file("commas.csv", '"t, hours","n, cells",\n0,1,\n1,2,\n2,3,\n3,4,\n');
  const columns = ["--time", "t, hours", "--state", '"n, cells"'];
  const { code } = await pondus(["train", "yeast", "--data", data, ...columns, "--steps", "5", "--out", "commas"]);
  expect(code).toBe(0);
  expect((await pondus(["predict", "commas", "1"])).stdout).toContain("n, cells");
  // Far outside of what it learned from, the answer is no number, and JSON has none for it.
  const far = await pondus(["predict", "commas", "1e30", "--json"]);
  expect({ code: far.code, ...JSON.parse(far.stdout) }).toMatchObject({
    code: 1,
    error: { code: "predict.nonfinite" },
  });
});

test("a training goes on when nobody reads its progress any more", async () => {
  const child = spawn(process.execPath, [bin, "train", "neuron", "--out", "unread"], { cwd: folder });
  child.stdout.resume();
  child.stderr.destroy();
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  expect(existsSync(join(folder, "unread", "report.html"))).toBe(true);
});

describe("a run that was tampered with is refused", () => {
  const open = (name: string) => readFileSync(join(folder, "whole", name));
  const change = (name: string, from: string, to: string) => () => {
    const text = open(name).toString("latin1");
    expect(text).toContain(from);
    writeFileSync(join(folder, "whole", name), text.replace(from, to), "latin1");
  };
  const flip = (name: string) => () => {
    const bytes = open(name);
    bytes[bytes.length - 2] ^= 4;
    writeFileSync(join(folder, "whole", name), bytes);
  };
  const resume = ["train", "--resume", "whole"];
  const ask = ["predict", "whole", "1"];
  const cases: [what: string, tamper: () => void, args: string[], code: string, says: RegExp][] = [
    ["a flipped bit in the weights", flip("weights.safetensors"), ask, "safetensors.corrupt", /have changed since/],
    [
      "a flipped bit in the checkpoint",
      flip("checkpoint.safetensors"),
      resume,
      "safetensors.corrupt",
      /have changed since/,
    ],
    ["another seed", change("run.json", '"seed": 0', '"seed": 1'), resume, "run.mixed", /with seed 0, but .* says 1/],
    [
      "another system",
      change("run.json", '"yeast"', '"neuron"'),
      resume,
      "run.mixed|system.data|train.optimizer|train.law",
      /neuron/,
    ],
    [
      "a count of steps that is none",
      change("run.json", '"steps": 5,\n    "learningRate"', '"steps": 0,\n    "learningRate"'),
      resume,
      "run.corrupt",
      /options\.steps must be a whole number from 1, but 0 came/,
    ],
    ["run.json cut off", change("run.json", "}", ""), resume, "run.corrupt", /is not JSON/],
    ["other data", change("data.csv", "3,4", "3,5"), resume, "run.data", /data\.csv has changed since the run began/],
  ];
  beforeAll(() => pondus(["train", "yeast", "--data", file("rows.csv", rows), "--steps", "5", "--out", "whole"]));
  test.each(cases)("%s", async (_, tamper, args, code, says) => {
    const before = readdirSync(join(folder, "whole")).map((name) => [name, open(name)] as const);
    tamper();
    const result = await pondus([...args, "--json"]);
    for (const [name, bytes] of before) writeFileSync(join(folder, "whole", name), bytes);
    expect(result.code).toBe(2);
    const { error } = JSON.parse(result.stdout);
    expect(error.code).toMatch(new RegExp(`^(${code})$`));
    expect(error.message).toMatch(says);
  });
});

const lynxHare = join(import.meta.dirname, "../..", "..", "shared", "data", "ode", "hudson_bay_lynx_hare.csv");

test.skipIf(!existsSync(lynxHare))("lynx and hare (needs ../shared/data): both cycles are followed", async () => {
  const args = ["train", "yeast", "--data", lynxHare, "--time", "Year", "--state", "Lynx,Hare", "--json"];
  const { metrics } = JSON.parse((await pondus(args)).stdout);
  // The hares range from 8 to 77 thousand, the lynx from 4 to 59.
  expect(metrics.rmse).toBeLessThan(metrics.lotkaVolterra.rmse);
  expect(metrics.forecast.from).toBe(1914);
});

test("weights that were cut off are refused, and a folder in use too", async () => {
  file("my-system.ts", page);
  await pondus(["train", "my-system.ts", "--steps", "5", "--out", "cut"]);
  expect((await pondus(["train", "neuron", "--out", "cut"])).stderr).toMatch(/cut already holds a run/);
  const weights = join(folder, "cut", "weights.safetensors");
  truncateSync(weights, 300);
  const result = await pondus(["predict", "cut", "1"]);
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toMatch(/weights\.safetensors is not a whole safetensors file/);
});

test("--optimizer chooses among what the page offers, and resuming keeps the choice", async () => {
  for (const name of ["lm", "lbfgs", "newton", "natural", "adam"]) {
    const args = ["train", "yeast", "--optimizer", name, "--steps", "3", "--out", `by-${name}`, "--json"];
    const { code, stdout } = await pondus(args);
    expect(code).toBe(0);
    const { options, fits } = JSON.parse(stdout);
    expect(options).toMatchObject({ optimizer: name, steps: 3 });
    expect(fits.growth.steps).toBe(3);
  }
  expect((await pondus(["predict", "by-lm", "20", "--json"])).code).toBe(0);
  const other = await pondus(["train", "neuron", "--optimizer", "lm", "--json"]);
  expect(other.code).toBe(2);
  expect(JSON.parse(other.stdout).error).toMatchObject({ code: "train.optimizer" });
  expect((await pondus(["train", "yeast", "--optimizer", "magic"])).stderr).toMatch(/adam, lbfgs, newton, natural, lm/);
});

test("a learning rate of 1e6: the first expression is named, the last good weights are kept", async () => {
  const { code, stdout, stderr } = await pondus(["train", "yeast", "--learning-rate", "1e6", "--out", "wild"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/The first expression that is not finite: \w+.*growth-model\.[jt]s:\d+/);
  expect(stderr).toMatch(/The run folder wild holds the last good weights/);
  const { tensors } = readSafetensors(join(folder, "wild", "weights.safetensors"));
  for (const { data } of Object.values(tensors)) expect([...data].every(Number.isFinite)).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, "wild", "run.json"), "utf8"))).toMatchObject({
    status: "failed",
    error: { code: "train.nonfinite" },
  });
});

test("Ctrl-C leaves a run that --resume continues to the same weights, bit for bit", async () => {
  file("long.ts", page.replace("steps: 400", "steps: 300_000"));
  const weights = (run: string) => readFileSync(join(folder, run, "weights.safetensors"));
  const stopIn = (fit: string) => (stderr: string) => stderr.includes(`${fit}: step`);
  const finished = pondus(["train", "long.ts", "--out", "straight", "--json"]);

  // Once while the first fit runs, once while the second does.
  const first = await pondus(["train", "long.ts", "--out", "broken"], stopIn("first"));
  expect(first.code).toBe(130);
  expect(first.stderr).toMatch(/Continue with: pondus train --resume broken/);
  expect(JSON.parse(readFileSync(join(folder, "broken", "run.json"), "utf8")).status).toBe("interrupted");
  expect((await pondus(["predict", "broken", "1"])).stderr).toMatch(/broken is interrupted; finish it first/);
  const second = await pondus(["train", "--resume", "broken"], stopIn("second"));
  expect(second.code).toBe(130);
  const third = await pondus(["train", "--resume", "broken", "--json"]);
  expect(third.code).toBe(0);

  expect(JSON.parse(third.stdout).metrics).toEqual(JSON.parse((await finished).stdout).metrics);
  expect(weights("broken").equals(weights("straight"))).toBe(true);
  const history = (run: string) => readFileSync(join(folder, run, "metrics.jsonl"), "utf8");
  expect(history("broken")).toBe(history("straight"));
});

test("--quick is the page's short form, kept by a resume; a page without one refuses it", async () => {
  const short = page
    .replace("settings:", "quick: { steps: 300_000 },\n  settings:")
    .replace('await session.fit("second"', 'if (!session.quick) await session.fit("second"');
  file("short.ts", short);
  const train = ["train", "short.ts", "--out", "short"];
  const stopped = await pondus([...train, "--quick"], (stderr) => stderr.includes("first: step"));
  expect(stopped.code).toBe(130);
  const { code, stdout } = await pondus(["train", "--resume", "short", "--json"]);
  expect(code).toBe(0);
  const { options, fits } = JSON.parse(stdout);
  expect(options).toMatchObject({ quick: true, steps: 300_000 });
  expect(Object.keys(fits)).toEqual(["first"]);
  const whole = await pondus(["train", "short.ts", "--out", "full", "--json"]);
  expect(JSON.parse(whole.stdout).options).toEqual({ steps: 400, learningRate: 0.01 });
  const none = await pondus(["train", "neuron", "--quick", "--json"]);
  expect({ code: none.code, ...JSON.parse(none.stdout) }).toMatchObject({ code: 2, error: { code: "train.quick" } });
});
