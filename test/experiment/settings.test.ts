import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn } from "pondus";
import { defineSystem, openRun, type TrainOptions, train } from "pondus/experiment";
import { neuron } from "pondus/systems";
import { afterAll, describe, expect, test } from "vitest";
import { chooseSettings } from "../../src/experiment/choose-settings.ts";
import { type Offer, settingNames, settings } from "../../src/experiment/settings.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

type Name = keyof typeof settings;

/** For each setting, values that none can have. */
const values: { readonly [K in Name]: readonly unknown[] } = {
  seed: [Number.NaN, -1, 1.5, "x", null],
  steps: [0, Number.NaN, -3, 2.5, Number.POSITIVE_INFINITY, "many", null, 2 ** 60],
  learningRate: [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, "fast", true],
  patience: [0, Number.NaN, 1.5, "x"],
  ensemble: [1, 1001, 2.5, "two"],
  optimizer: ["magic", 3],
  law: ["", 3],
  quick: ["yes", 1],
  backend: ["gpu", 3],
};
const refused = settingNames.flatMap((name) =>
  values[name].map((value): [name: Name, value: unknown] => [name, value]),
);

const says = (name: Name, value: unknown) => {
  const came = typeof value === "number" ? String(value) : JSON.stringify(value);
  return `${name} must be ${settings[name].kind.wanted}, but ${came} came.`;
};

test.each(refused)("train: %s of %j is refused by its name", async (name, value) => {
  const options = { [name]: value, out: join(scratch, "none") } as TrainOptions;
  await expect(train(neuron, options)).rejects.toMatchObject({
    code: "train.option",
    message: `train: ${says(name, value)}`,
  });
});

describe("a page's own settings", () => {
  const page = (part: object) =>
    ({
      name: "mine",
      optimizers: { adam: { steps: 5 } },
      laws: { own: {} },
      ensemble: {},
      quick: {},
      ...part,
    }) as Offer;

  test.each<[string, object, Name, unknown]>([
    ...(["steps", "learningRate"] as const).flatMap((name) =>
      values[name].map((value): [string, object, Name, unknown] => [
        "settings",
        { settings: { [name]: value } },
        name,
        value,
      ]),
    ),
    ["quick", { quick: { steps: "x" } }, "steps", "x"],
    ["ensemble", { ensemble: { steps: 0 } }, "steps", 0],
    ["optimizers.lm", { optimizers: { lm: { steps: 0.5 } } }, "steps", 0.5],
    ["laws.own", { laws: { own: { learningRate: -1 } } }, "learningRate", -1],
    ["laws.own", { laws: { own: { optimizer: "sgd" } } }, "optimizer", "sgd"],
  ])("%s: %j is refused", (path, part, name, value) => {
    const code = "page.settings";
    expect(() => chooseSettings(page(part), {})).toThrow(
      expect.objectContaining({ code, message: `mine: ${path}.${says(name, value)}` }),
    );
  });

  test.each([
    [{ settings: { rate: 0.1 } }, /^mine: settings: there is no rate; there is steps, learningRate\.$/],
    [{ optimizers: { sgd: { steps: 3 } } }, /^mine: optimizers: there is no sgd; there is adam, lbfgs/],
    [{ laws: { own: { steps: 3 } } }, /^mine: laws\.own: there is no steps; there is optimizer, learningRate\.$/],
  ])("a name that would do nothing is refused: %j", (part, says) => {
    expect(() => chooseSettings(page(part), {})).toThrow(says);
  });
});

test.each([
  [{ rate: 0.1 }, /^train: there is no rate; there is seed, law/],
  [{ data: { file: "" } }, /^train: data\.file must be a name, but "" came/],
  [{ data: {} }, /^train: data\.file must be a name, but it is missing/],
  [{ data: { file: "a.csv", state: "x" } }, /^train: data\.state must be a list of names, but "x" came/],
  [{ data: { file: "a.csv", columns: ["x"] } }, /^train: data: there is no columns; there is file, time, state, bytes/],
])("train refuses %j", async (options, says) => {
  await expect(train(neuron, options as TrainOptions)).rejects.toThrow(says);
});

describe("a run folder", () => {
  const good: Readonly<Record<string, unknown>> = {
    ...{
      system: "neuron",
      title: "One neuron",
      status: "finished",
      seed: 0,
      backend: "wasm",
      seconds: 1,
      started: "now",
    },
    options: { steps: 1, learningRate: 0.1 },
  };
  const open = (name: Name, value: unknown) => {
    const folder = join(scratch, "run");
    mkdirSync(folder, { recursive: true });
    const { keptIn } = settings[name];
    const changed = keptIn === "top" ? { [name]: value } : { options: { ...(good.options as object), [name]: value } };
    writeFileSync(join(folder, "run.json"), JSON.stringify({ ...good, ...changed }));
    return openRun(folder).description;
  };

  test("opens with what every setting may be", () => {
    expect(open("ensemble", 20).options.ensemble).toBe(20);
  });

  // JSON has no numbers that are not finite.
  const written = refused.filter(([, value]) => typeof value !== "number" || Number.isFinite(value));
  test.each(written)("with %s of %j is refused", (name, value) => {
    const path = settings[name].keptIn === "top" ? name : `options.${name}`;
    expect(() => open(name, value)).toThrow(
      expect.objectContaining({
        code: "run.corrupt",
        message: expect.stringContaining(`/run.json: ${path.replace(name, says(name, value))}`),
      }),
    );
  });
});

describe("the command line", () => {
  const pondus = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, "../../bin/pondus.js"), "train", "neuron", ...args], {
      cwd: scratch,
      encoding: "utf8",
    });

  test.each(["steps", "learningRate", "patience", "backend"] as const)("%s: refused by its flag", (name) => {
    const [flag] = settings[name].flag.split(" ");
    const [value] = values[name];
    const { status, stderr } = pondus(flag, String(value));
    const text = typeof value === "number" && !Number.isNaN(value) ? value : String(value);
    expect({ status, stderr }).toEqual({ status: 2, stderr: `error: ${says(name, text).replace(name, flag)}\n` });
  });

  test("lists every setting with its help", () => {
    const help = pondus("--help").stdout.replace(/\s+/g, " ");
    for (const name of settingNames) expect(help).toContain(`${settings[name].flag} ${settings[name].help}`);
  });
});

describe("a setting is what was asked for, else what the resumed run has, else the page's, else the default", () => {
  const page: Offer = {
    ...{ name: "mine", settings: { steps: 10, learningRate: 1 }, quick: { steps: 20 }, ensemble: { steps: 30 } },
    optimizers: { adam: { steps: 40 }, lm: {} as { steps: number } },
    laws: { first: { learningRate: 2 }, second: { optimizer: "lm" } },
  };
  const bare: Offer = { name: "bare" };

  test.each<[string, Offer, Parameters<typeof chooseSettings>[1], Parameters<typeof chooseSettings>[2], object]>([
    ["default", bare, {}, {}, { seed: 0, steps: 1000, learningRate: 1e-2 }],
    ["of the page", page, {}, {}, { seed: 0, steps: 40, learningRate: 2, law: "first", optimizer: "adam" }],
    [
      "of the law",
      page,
      { law: "second" },
      {},
      { seed: 0, steps: 10, learningRate: 1, law: "second", optimizer: "lm" },
    ],
    [
      "of an ensemble",
      page,
      { ensemble: 2 },
      {},
      { ...{ seed: 0, steps: 30, learningRate: 2 }, ...{ law: "first", optimizer: "adam", ensemble: 2 } },
    ],
    [
      "of the short form",
      page,
      { quick: true, ensemble: 2 },
      {},
      { ...{ seed: 0, steps: 20, learningRate: 2 }, ...{ law: "first", optimizer: "adam", ensemble: 2, quick: true } },
    ],
    [
      "resumed",
      page,
      {},
      { seed: 7, steps: 3, law: "second" },
      { seed: 7, steps: 3, learningRate: 1, law: "second", optimizer: "lm" },
    ],
    [
      "asked for",
      page,
      { steps: 5, seed: 1 },
      { seed: 7, steps: 3 },
      { ...{ seed: 1, steps: 5, learningRate: 2 }, ...{ law: "first", optimizer: "adam" } },
    ],
  ])("%s", (_, offer, asked, resumed, chosen) => {
    expect(chooseSettings(offer, asked, resumed)).toEqual(chosen);
  });
});

test("what a report lists of its settings is named by the table", async () => {
  const page = defineSystem({
    ...{ name: "tiny", title: "Tiny", summary: "Nothing.", quick: { steps: 2 } },
    model: () => nn.dense(1, 1),
    train: ({ steps, quick }) => ({ metrics: { steps, quick } }),
  });
  const { run, options, metrics } = await train(page, {
    quick: true,
    seed: 1234,
    backend: "reference",
    out: join(scratch, "tiny"),
  });
  expect([options, metrics]).toEqual([
    { steps: 2, learningRate: 1e-2, quick: true },
    { steps: 2, quick: true },
  ]);
  const report = readFileSync(join(run, "report.html"), "utf8");
  for (const [label, value] of [
    ["seed", "1234"],
    ["short form", "yes"],
    ["steps", "2"],
    ["learning rate", "0.01"],
    ["backend", "reference"],
  ]) {
    expect(report).toContain(`<td>${label}</td><td>${value}</td>`);
  }
});
