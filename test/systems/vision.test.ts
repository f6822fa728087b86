import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, nn, tensor, weigh } from "pondus";
import { describe, expect, test } from "vitest";
import { packageFile } from "../../src/experiment/data/package-file.ts";
import { parseCsv } from "../../src/io/csv.ts";
import { connections, sharing } from "../../src/systems/vision/connections.ts";
import { mnist, readDigits, side } from "../../src/systems/vision/digits.ts";
import { moved } from "../../src/systems/vision/moved.ts";
import { type NetworkName, networkNames, networks, published } from "../../src/systems/vision/networks.ts";
import { readPgm } from "../../src/systems/vision/pgm.ts";
import { shrink } from "../../src/systems/vision/shrink.ts";
import { file, folder, pondus } from "../support/command-line.ts";

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

test("an image is shrunk by the area that each new pixel covers", () => {
  // Three pixels to two: each new one covers one and a half.
  const small = shrink([1, 0, 0, 0, 9, 0, 0, 0, 0], 3, 2);
  expect([...small]).toEqual([(1 + 9 / 4) / 2.25, 9 / 4 / 2.25, 9 / 4 / 2.25, 9 / 4 / 2.25]);
  const image = Array.from({ length: 28 ** 2 }, (_, i) => (i * 7919) % 256);
  expect(mean(shrink(image, 28, 16))).toBeCloseTo(mean(image), 10);
  expect([...shrink(new Array(28 ** 2).fill(255), 28, 16)]).toEqual(new Array(256).fill(255));
  expect([...shrink(image, 28, 28)]).toEqual(image);
});

describe("the digits of MNIST", () => {
  const { images, labels, training } = mnist();
  const counts = (from: number, to: number) =>
    Array.from({ length: 10 }, (_, digit) => labels.slice(from, to).filter((label) => label === digit).length);

  test("8,000 to learn from and 2,000 to test with, 200 of each; fewer of the first are balanced", () => {
    expect([labels.length, images.length, training]).toEqual([10_000, 10_000 * side ** 2, 8000]);
    expect(counts(8000, 10_000)).toEqual(new Array(10).fill(200));
    expect(counts(0, 400)).toEqual(new Array(10).fill(40));
    expect(counts(0, 1600)).toEqual(new Array(10).fill(160));
    expect(counts(0, 8000)).toEqual([801, 927, 791, 832, 780, 663, 814, 870, 744, 778]);
  });

  test("each stands where it should, as the package has it", () => {
    for (const [digit, nth, at] of [
      [0, 0, 0],
      [3, 5, 53],
      [9, 977, 9999],
      [0, 801, 8000],
    ]) {
      const { data } = JSON.parse(readFileSync(packageFile("mnist", `src/digits/${digit}.json`, ""), "utf8"));
      const original = data.slice(nth * 784, (nth + 1) * 784);
      expect(labels[at]).toBe(digit);
      const seen = images.subarray(at * side ** 2, (at + 1) * side ** 2);
      expect([...seen]).toEqual([...Float32Array.from(shrink(original, 28, side))]);
      expect(mean(seen)).toBeCloseTo(mean(original), 6);
    }
    expect(images.reduce((least, v) => Math.min(least, v), 1)).toBe(0);
    expect(images.reduce((most, v) => Math.max(most, v), 0)).toBeLessThanOrEqual(1);
  });

  test("without the package it is said how to get it", () => {
    expect(() => packageFile("no-such-digits", "0.json", "the system vision learns from the digits of")).toThrow(
      "the system vision learns from the digits of no-such-digits, a package that is not installed with Pondus; " +
        "it comes by `npm install no-such-digits`.",
    );
  });
});

test("connections and free parameters are those of LeCun's paper", () => {
  const counted = Object.keys(published).map((name) => {
    const net = networks[name as NetworkName]();
    return [name, { connections: connections(net), knobs: weigh(net).parameters.trainable }];
  });
  expect(Object.fromEntries(counted)).toEqual({
    "Net-1": { connections: 2570, knobs: 2570 },
    // 256 x 12 + 12 + 12 x 10 + 10. The paper has 3240; Hastie, Tibshirani & Friedman, who took the table over, have 3214.
    "Net-2": { connections: 3214, knobs: 3214 },
    "Net-3": { connections: 1226, knobs: 1226 },
    "Net-4": { connections: 2266, knobs: 1132 },
    "Net-5": { connections: 5194, knobs: 1060 },
  });
  for (const [name, { connections, knobs }] of Object.entries(published)) {
    if (name !== "Net-2") expect(Object.fromEntries(counted)[name]).toEqual({ connections, knobs });
  }
  expect(sharing(networks["Net-5"]())).toEqual([
    { layer: "conv2d(1, 2, 3)", shared: 18, unshared: 1152, places: 64, ratio: 1 / 64 },
    { layer: "conv2d(2, 4, 5)", shared: 200, unshared: 3200, places: 16, ratio: 1 / 16 },
  ]);
});

test("a shared kernel is a local layer under a tie: as many knobs, the same answers", async () => {
  const shared = networks["Net-5"]();
  nn.initialize(shared, 1);
  const first = nn.local2d(16, 1, 2, 3, { stride: 2, padding: 1 });
  const second = nn.local2d(8, 2, 4, 5, { stride: 2, padding: 2 });
  for (const { parameters } of [first, second]) nn.tie(parameters.weight, ([, , ...kernel]) => kernel.join());
  const dense = shared.children[7];
  const tied = nn.sequential(first, nn.tanh, second, nn.tanh, nn.flatten, dense);
  expect(weigh(tied).parameters.total).toBe(1060);
  const kernels = nn.weightsOf(shared);
  for (const [layer, from] of [
    [tied.children[0], kernels["0.weight"]],
    [tied.children[2], kernels["3.weight"]],
  ] as const) {
    const weight = nn.weightsOf(layer).weight;
    const one = from.read();
    weight.write(Array.from({ length: weight.size }, (_, i) => one[i % one.length]));
  }
  const x = tensor(mnist().images.subarray(0, 20 * side ** 2), { shape: [20, side, side, 1] });
  const { a, b } = await compile(() => ({ a: shared(x), b: tied(x) }), {}).run();
  expect(mean(Array.from(a.data, Math.abs))).toBeGreaterThan(0.1);
  a.data.forEach((v, i) => {
    expect(b.data[i]).toBeCloseTo(v, 5);
  });
});

test("an image is moved by at most a pixel each way, and what comes in is paper", async () => {
  const x = tensor(
    Array.from({ length: 200 }, () => [
      [0, 0, 0],
      [0, 1, 2],
      [0, 0, 0],
    ]),
  ).unsqueeze(-1);
  const { y } = await compile(() => ({ y: moved(x, tensor([3, 4], { dtype: "int32" })) }), {}).run();
  const seen = Array.from({ length: 200 }, (_, i) => Array.from(y.data).slice(9 * i, 9 * i + 9));
  const kinds = new Set(seen.map(String));
  expect(kinds).toContain("0,0,0,0,1,2,0,0,0");
  expect(kinds).toContain("1,2,0,0,0,0,0,0,0");
  expect(kinds).toContain("0,0,0,0,0,0,0,0,1");
  expect(kinds.size).toBe(9);
});

const ascii = (text: string) => new TextEncoder().encode(text);

test("PGM is read as text and as bytes of one or two", () => {
  const pixels = [0, 10, 7, 3, 2, 1];
  expect(readPgm(ascii("P2 # made by hand\n3 2\n# white:\n10\n0 10 7\n3 2 1\n"), "a")).toEqual({
    width: 3,
    height: 2,
    white: 10,
    pixels,
  });
  const bytes = (header: string, ...body: number[]) => Uint8Array.from([...ascii(header), ...body]);
  // The first byte is a line break, which is no blank of the header any more.
  expect(readPgm(bytes("P5\n2 1\n255\n", 10, 200), "b").pixels).toEqual([10, 200]);
  expect(readPgm(bytes("P5 2 1 1000\n", 3, 232, 0, 7), "c").pixels).toEqual([1000, 7]);
});

test.each<[what: string, text: string | Uint8Array, says: RegExp]>([
  ["another kind", "P6\n1 1\n255\n", /x\.pgm: an image in grey as PGM begins with P2 or P5, but "P6" came/],
  ["no image", Uint8Array.of(0x89, 0x50, 0x4e), /begins with P2 or P5, but something else came/],
  ["an empty file", "", /but nothing came/],
  ["a header cut off", "P5\n16", /the height should be a whole number from 1 to 65535, but the file ends/],
  ["a header of words", "P2\nwide 3\n255", /the width should be a whole number .*, but "wide" came/],
  ["no size", "P2\n0 3\n255", /the width should be a whole number from 1 to 65535, but "0" came/],
  ["bytes cut off", "P5\n16 16\n255\nabc", /16 x 16 = 256 pixels are promised, but the file ends after 3\./],
  ["text cut off", "P2\n2 2\n255\n1 2 3", /2 x 2 = 4 pixels are promised, but the file ends after 3\./],
  ["too white", "P2\n2 1\n15\n3 16", /pixel 2 should be a whole number from 0 to 15, but "16" came/],
  ["too white in bytes", "P5\n2 1\n15\n\x03\x7f", /pixel 2 should be a whole number from 0 to 15, but 127 came/],
  ["words for pixels", "P2\n2 1\n15\n3 x", /pixel 2 should be .*, but "x" came/],
])("of a PGM it is said what is wrong: %s", (_, text, says) => {
  expect(() => readPgm(typeof text === "string" ? ascii(text) : text, "x.pgm")).toThrow(says);
});

/** A table as somebody might have it: labels, then pixels. */
function csv(rows: readonly (readonly number[])[], pixels = 256): string {
  const head = ["label", ...Array.from({ length: pixels }, (_, i) => `pixel${i}`)];
  return [head, ...rows].map((row) => row.join(",")).join("\n");
}

/** Each digit a few times: a bright bar at its own place. */
const bars = (times: number, pixels = 256) =>
  Array.from({ length: 10 * times }, (_, i) => {
    const label = i % 10;
    const place = Math.floor((label * pixels) / 10);
    return [label, ...Array.from({ length: pixels }, (_, at) => (at >= place && at < place + 20 ? 255 : (i * at) % 7))];
  });

test("somebody's own digits: the last fifth of each is the test", () => {
  const { images, labels, training } = readDigits(parseCsv(csv(bars(11)), "mine.csv"));
  expect([labels.length, training]).toEqual([110, 90]);
  expect([...labels.slice(88)]).toEqual([8, 9, ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((digit) => [digit, digit])]);
  expect([...images.slice(0, 3)]).toEqual([1, 1, 1]);
  const large = readDigits(parseCsv(csv(bars(5, 784), 784), "large.csv"));
  expect([large.images.length, large.training]).toEqual([50 * 256, 40]);
});

test.each<[what: string, text: () => string, says: RegExp]>([
  [
    "too few pixels",
    () => csv([[1, 2]], 1),
    /m\.csv: 1 columns? came beside the labels.* 16 x 16 = 256 or 28 x 28 = 784/,
  ],
  ["a label out of range", () => csv([...bars(5), [12, ...new Array(256).fill(3)]]), /m\.csv:52: column "label": .*12/],
  ["a label that is no digit", () => csv([[1.5, ...new Array(256).fill(3)]]), /0 to 9, but 1\.5 came/],
  ["a pixel out of range", () => csv([[1, 256, ...new Array(255).fill(3)]]), /m\.csv:2: column "pixel0": .*256 came/],
  ["a missing pixel", () => csv([[1, ...new Array(255).fill(3)]]), /m\.csv:2: column "pixel255": a value is missing/],
  ["pixels up to 1", () => csv(bars(5).map(([label]) => [label, ...new Array(256).fill(0.5)])), /multiply them by 255/],
  ["a digit that is rare", () => csv(bars(5).slice(1)), /at least 5 images are needed.* but of 0 4 came/],
])("of such a table it is said what is wrong: %s", (_, text, says) => {
  expect(() => readDigits(parseCsv(text(), "m.csv"))).toThrow(says);
});

/** An image of MNIST as a PGM file. */
function pgm(name: string, nth: number, size = side): string {
  const { images } = mnist();
  const pixels = images.subarray(nth * side ** 2, (nth + 1) * side ** 2);
  return file(name, `P2\n${size} ${size}\n255\n${Array.from(pixels, (v) => Math.round(255 * v)).join("\n")}\n`);
}

describe("from the command line", () => {
  const accuracy = { mean: expect.any(Number), spread: expect.any(Number) };

  test("--quick: one table, plots of it, and answers about images", async () => {
    const { code, stdout } = await pondus(["train", "vision", "--quick", "--steps", "20", "--out", "v", "--json"]);
    expect(code).toBe(0);
    const { metrics, options } = JSON.parse(stdout);
    expect(options).toMatchObject({ quick: true, steps: 20 });
    expect(Object.keys(metrics.nets)).toEqual(networkNames);
    for (const row of Object.values<Record<string, unknown>>(metrics.nets)) {
      expect(row).toEqual({
        connections: expect.any(Number),
        knobs: expect.any(Number),
        train: accuracy,
        test: accuracy,
        gap: accuracy,
      });
    }
    expect(metrics).toMatchObject({
      seeds: 2,
      nets: { "Net-5": { connections: 5194, knobs: 1060 } },
      sizes: { "Net-5": { 400: accuracy, 8000: accuracy } },
      gains: { "Net-3 to Net-5": { 8000: accuracy } },
      published,
    });
    const report = readFileSync(join(folder, "v", "report.html"), "utf8");
    expect(report).toContain("Net-5: kernels of its two first maps");
    expect(report.match(/class="tile"/g)).toHaveLength(10 + 2 + 8 + 16);

    const one = pgm("one.pgm", 0);
    mkdirSync(join(folder, "some"));
    for (const i of [1, 2]) pgm(join("some", `${i}.pgm`), i);
    const typed = Array.from(mnist().images.subarray(0, side ** 2), (v) => Math.round(255 * v)).join(",");
    const answer = await pondus(["predict", "v", one, "some", typed, "--json"]);
    const { columns } = JSON.parse(answer.stdout);
    expect(columns.image).toEqual(["one.pgm", "some/1.pgm", "some/2.pgm", "as typed"]);
    for (const name of networkNames) {
      expect(columns[name][3]).toBe(columns[name][0]);
      for (const digit of columns[name]) expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(digit);
    }
    expect((await pondus(["predict", "v", "some"])).stdout).toMatch(/^ +image +Net-1 .* chance\n +some.1\.pgm +\d/);

    for (const [given, says] of [
      [pgm("wide.pgm", 0, 15), /wide\.pgm: an image of a digit is 16 x 16 or 28 x 28 pixels here, but 15 x 15 came/],
      [file("other.pgm", "GIF89a"), /other\.pgm: an image in grey as PGM begins with P2 or P5/],
      ["nowhere.pgm", /nowhere\.pgm: there is no such file/],
      ["1,2,3", /3 numbers came, but an image has 16 x 16 = 256 or 28 x 28 = 784 pixels/],
      ["v", /v: no file in this folder ends in \.pgm/],
    ] as const) {
      const wrong = await pondus(["predict", "v", given]);
      expect(wrong).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(says) });
    }
  });

  test("a run that is stopped and resumed comes to the same weights, running statistics among them", async () => {
    const args = ["train", "vision", "--quick", "--steps", "20", "--json"];
    const stopped = await pondus([...args, "--out", "stopped"], (stderr) => stderr.includes("Net-6-400: step"));
    expect(stopped.code).toBe(130);
    expect((await pondus(["train", "--resume", "stopped", "--json"])).code).toBe(0);
    const weights = (run: string) => readFileSync(join(folder, run, "weights.safetensors"));
    expect(weights("stopped").equals(weights("v"))).toBe(true);
  });

  test("on somebody's own digits", async () => {
    const own = ["train", "vision", "--data", file("bars.csv", csv(bars(10))), "--quick", "--steps", "50", "--json"];
    const { code, stdout } = await pondus([...own, "--out", "bars"]);
    expect(code).toBe(0);
    const { metrics } = JSON.parse(stdout);
    expect(Object.keys(metrics.sizes["Net-1"])).toEqual(["80"]);
    expect(metrics.nets["Net-1"].test.mean).toBe(1);
    const odd = file("odd.csv", csv([[12, ...new Array(256).fill(3)]]));
    const wrong = await pondus(["train", "vision", "--data", odd]);
    expect(wrong).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/odd\.csv:2: column "label"/) });
  });
});
