import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, nn, tensor } from "pondus";
import { train } from "pondus/experiment";
import { parseCsv } from "pondus/io";
import { sequence } from "pondus/systems";
import { describe, expect, test } from "vitest";
import { packageFile } from "../../src/experiment/data/package-file.ts";
import { countingLoss, countText } from "../../src/systems/sequence/counting.ts";
import { forms } from "../../src/systems/sequence/forms.ts";
import { autoregression, errorOf, persistence, seasonal } from "../../src/systems/sequence/naive.ts";
import { changesOf, maunaLoa, readSeries, windowOf } from "../../src/systems/sequence/series.ts";
import { windowsAt, windowsBefore } from "../../src/systems/sequence/series-model.ts";
import { decode, encode, factbook, plainText, readText } from "../../src/systems/sequence/text.ts";
import { evenPlaces, partsOf, type TextModel, textModels } from "../../src/systems/sequence/text-model.ts";
import { write } from "../../src/systems/sequence/writing.ts";
import { file, folder, pondus } from "../support/command-line.ts";

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, exitCode: 2, message: expect.stringMatching(message) });
const errorOfCall = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe("data", () => {
  test("the Factbook's texts are always the same, of the alphabet that the page says", () => {
    const codes = factbook.codes();
    expect(createHash("sha256").update(Buffer.from(codes.buffer)).digest("hex")).toBe(
      "ffbb395acac554e488515de8da54601c27372b30fe0d8b720b0df6d189fc002f",
    );
    expect(codes.length).toBe(731_298);
    expect([...new Set(codes)].sort((a, b) => a - b)).toEqual(factbook.alphabet.map((_, place) => place));
    expect(factbook.alphabet).toEqual([...factbook.alphabet].sort());
    expect(decode(codes.subarray(0, 44), factbook.alphabet)).toBe("discovered and claimed for spain in 1499, ar");
  });

  test("Mauna Loa: every month from May 1964 to April 2020", () => {
    const { time, values, season } = maunaLoa();
    expect([values.length, values[0], values.at(-1), season]).toEqual([672, 322.26, 416.18, 12]);
    time.values.forEach((year, i) => expect(year).toBeCloseTo(1964 + (4.5 + i) / 12, 9));
    const { changes, train } = changesOf(maunaLoa());
    expect([changes.length, train, windowOf(maunaLoa())]).toEqual([671, 537, 36]);
  });

  test("a package that is absent is named, with how to get it", () => {
    expect(
      errorOfCall(() => packageFile("no-such-texts", "a.txt", "the system sequence learns from the texts of")),
    ).toEqual(thrown("package.missing", /sequence learns from the texts of no-such-texts.*npm install no-such-texts/));
  });

  test("a text is seen in lower case, with plain quotes, dashes and blanks", () => {
    expect(plainText("“Ahab’s”\r\n\tThe \u00a0 Whale — 1851\ufffd")).toBe('"ahab\'s"\n the whale - 1851');
  });

  test.each([
    ["", "file.empty", /mine\.txt: the file is empty/],
    [" \n ", "file.empty", /mine\.txt: the file is empty/],
    ["a".repeat(900), "text.alphabet", /mine\.txt: .*"a" alone came/],
    ["short but fine", "data.short", /mine\.txt: .*at least 650 characters.* 14 came/],
    [
      String.fromCodePoint(...Array.from({ length: 900 }, (_, i) => 0x4e00 + i)),
      "text.alphabet",
      /900 different .* most 500/,
    ],
  ])("no text to learn from: %#", (text, code, message) => {
    expect(errorOfCall(() => readText(text, "mine.txt"))).toEqual(thrown(code, message));
  });

  const table = (rows: readonly (readonly number[])[], header = "t,x") =>
    parseCsv([header, ...rows.map((row) => row.join(","))].join("\n"), "mine.csv");
  const rows = (count: number, value: (i: number) => number[]) =>
    Array.from({ length: count }, (_, i) => [i, ...value(i)]);

  test.each([
    [table(rows(39, (i) => [i % 5])), "data.short", /mine\.csv: .*at least 40 rows.* 39 came/],
    [
      table(
        rows(50, (i) => [i % 5, i]),
        "t,x,y",
      ),
      "data.columns",
      /2 columns .*\(x, y\); choose one with --state/,
    ],
    [table(rows(50, (i) => [3 * i])), "data.flat", /"x" goes from row to row by the same amount/],
    [
      table(rows(50, (i) => [i % 5]).filter(([t]) => t !== 20)),
      "data.steps",
      /mine\.csv:22: .*from 19 to 21 it is 2, where 1 is usual/,
    ],
  ])("no series to learn from: %#", (given, code, message) => {
    expect(errorOfCall(() => readSeries(given, {}))).toEqual(thrown(code, message));
  });
});

describe("what needs no network", () => {
  test("persistence and seasons, by hand", () => {
    const changes = [1, -2, 3, 1, -1, 5];
    // Of the last two changes, -1 and 5.
    expect(errorOf(persistence, changes, 4)).toBeCloseTo(Math.sqrt((1 + 25) / 2), 12);
    // Three steps before them came -2 and 3.
    expect(errorOf(seasonal(3), changes, 4)).toBeCloseTo(Math.sqrt((1 + 4) / 2), 12);
  });

  test("autoregression finds the law that a series follows", () => {
    const changes = [1, -0.5];
    for (let i = 2; i < 40; i++) changes.push(0.3 + 1.2 * changes[i - 1] - 0.7 * changes[i - 2]);
    const forecast = autoregression(changes, 2, 20);
    expect(forecast && errorOf(forecast, changes, 20)).toBeLessThan(1e-9);
  });

  test("counted characters, by hand", () => {
    const text = "ab".repeat(50);
    const codes = encode(Array.from(text), ["a", "b"]);
    const loss = (order: number) => countingLoss(countText(codes, 2, { from: 0, to: 80 }, order), codes, 2, [10]);
    // Each came 40 times of 80: (40 + 2 / 2) / (80 + 2).
    expect(loss(0)).toBeCloseTo(Math.log(2), 12);
    // After an a came 40 b, nothing else; after a b 39 a. New things come by a share of 1 in 41 and 1 in 40.
    expect(loss(1)).toBeCloseTo(-(Math.log(40.5 / 41) + Math.log(39.5 / 40)) / 2, 12);
  });

  test("windows end where they should: what is held out is foretold, and not learned", async () => {
    const changes = tensor(Array.from({ length: 20 }, (_, i) => i));
    const { held } = await compile(
      () => ({ held: windowsAt(changes, 4, windowsBefore(4, 16, 20)).at(-1, 1) }),
      {},
    ).run();
    expect(Array.from(held.data)).toEqual([16, 17, 18, 19]);
    const { train, validation } = partsOf(1000);
    expect([train, validation]).toEqual([
      { from: 0, to: 900 },
      { from: 900, to: 1000 },
    ]);
    for (const part of [train, validation]) {
      const places = evenPlaces(part, 3);
      expect([places[0], places.at(-1)]).toEqual([part.from, part.to - 65]);
    }
  });
});

describe("writing", () => {
  const alphabet = Array.from(" abcdefgh");
  const model: TextModel = textModels(alphabet.length).coupled;
  nn.initialize(model, 3);
  const prompt = encode(Array.from("bad cab"), alphabet);
  const written = async (seed: number, temperature: number) => {
    const { out } = await compile(() => ({ out: write(model, { prompt, length: 60, temperature, seed }) }), {}).run();
    return Array.from(out.data);
  };

  test("the same seed writes the same, and nothing but the alphabet", async () => {
    const [one, again, other] = [await written(1, 1), await written(1, 1), await written(2, 1)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one.length).toBe(60);
    for (const code of one) expect(alphabet[code]).toBeDefined();
    // Hardly trained, it writes everything.
    expect(new Set(one).size).toBeGreaterThan(5);
  });

  test("near temperature 0 it is what the whole text read anew at each step gives", async () => {
    const so = await written(1, 1e-6);
    const { embedding, lstm, readout } = model;
    for (const known of [1, 30]) {
      const text = [...prompt, ...so.slice(0, known)];
      const logits = readout(lstm(embedding(tensor([text], { dtype: "int32" }))));
      const { likeliest } = await compile(() => ({ likeliest: logits.at(-1, 1).argmax() }), {}).run();
      expect(likeliest.item()).toBe(so[known]);
    }
  });
});

describe("the command line", () => {
  const number = expect.any(Number);

  test("train sequence --quick: both tables and the texts in JSON; its run goes on from words and numbers", async () => {
    const args = ["train", "sequence", "--quick", "--steps", "8", "--out", "both", "--json"];
    const { code, stdout } = await pondus(args);
    expect(code).toBe(0);
    const { metrics, samples, parameters, fits } = JSON.parse(stdout);
    for (const [task, knobs] of [
      ["text", [91_638, 70_902, 70_902, 29_430]],
      ["series", [1233, 929, 929, 321]],
    ] as const) {
      forms.forEach((form, i) => {
        const share = form === "untied" ? 1 : form === "all-tied" ? 0.25 : 0.75;
        const row = metrics[task].compared[form];
        expect(row).toMatchObject({ knobs: knobs[i], share, train: number, validation: number, milliseconds: number });
        expect(row.gap).toBeCloseTo(row.validation - row.train, 12);
        expect(fits[`${task}-${form}`]).toMatchObject({ steps: 8, train: row.train, validation: row.validation });
      });
    }
    expect(parameters).toBe(266_284);
    expect(metrics.series.compared).toMatchObject({ persistence: { rmse: number }, seasonal: { rmse: number } });
    expect(samples.map(({ title }: { title: string }) => title)).toEqual(
      forms.map((form) => expect.stringContaining(form)),
    );
    for (const { text } of samples) {
      expect(Array.from(text as string).every((c) => factbook.alphabet.includes(c))).toBe(true);
    }
    const report = readFileSync(join(folder, "both", "report.html"), "utf8");
    expect(report).toMatch(/<th>form<\/th><th>knobs<\/th>[\s\S]*<td>untied<\/td><td>91,638<\/td>/);

    const words = await pondus(["predict", "both", "The island is", "--json"]);
    const [goesOn] = JSON.parse(words.stdout).columns["goes on"];
    expect(Array.from(goesOn as string).length).toBe(200);
    const numbers = await pondus(["predict", "both", "411,413,414.5", "414,415"]);
    expect(numbers.stdout).toMatch(/last +untied +input-is-forget +coupled +all-tied\n +414\.5 .*\n +415 /);
    const strange = await pondus(["predict", "both", "na\u00efve", "--json"]);
    expect(strange.code).toBe(2);
    expect(JSON.parse(strange.stdout).error).toMatchObject({
      code: "predict.input",
      message: expect.stringMatching(/"\u00ef", character 3 of "na\u00efve".*the 54 that it knows are: "\\n" " " " \$/),
    });
    const mixed = await pondus(["predict", "both", "1,2", "words", "--json"]);
    expect({ code: mixed.code, ...JSON.parse(mixed.stdout) }).toMatchObject({
      code: 2,
      error: { code: "predict.input" },
    });
  });

  test("on somebody's own text: one table, a copy in the run folder, and its own alphabet", async () => {
    const text = file("mine.txt", "<b>Alas, poor \u00c9mile!</b> I knew him. ".repeat(40));
    const args = ["train", "sequence", "--quick", "--steps", "3", "--data", text, "--out", "own"];
    const { code, stdout } = await pondus(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/form +knobs .*\n +untied +[\d,]+/);
    expect(stdout).not.toContain("Series");
    expect(readFileSync(join(folder, "own", "data.txt"), "utf8")).toContain("\u00c9mile");
    expect(readFileSync(join(folder, "own", "report.html"), "utf8")).not.toContain("<b>alas");
    // A number is a text where there is no series; digits are no part of this one.
    expect((await pondus(["predict", "own", "12"])).stderr).toMatch(/"1", character 1 of "12", is none that/);
    expect((await pondus(["predict", "own", "\u00e9mile"])).stdout).toMatch(/goes on\n/);
  });

  test.each([
    ["empty.txt", "", "file.empty"],
    ["short.txt", "much too short", "data.short"],
    ["one.txt", "a".repeat(1000), "text.alphabet"],
    ["few.csv", "t,x\n1,2\n2,4\n3,5\n4,9\n5,1\n", "data.short"],
  ])("bad input: %s", async (name, content, code) => {
    const result = await pondus(["train", "sequence", "--data", file(name, content), "--json"]);
    expect({ code: result.code, ...JSON.parse(result.stdout) }).toEqual({
      code: 2,
      error: { code, message: expect.stringContaining(name) },
    });
  });
});

const sunspots = join(
  import.meta.dirname,
  "../..",
  "..",
  "shared",
  "data",
  "sequence",
  "sunspots_yearly_1700_2008.csv",
);

test.skipIf(!existsSync(sunspots))("sunspots (needs ../shared/data): every form beats persistence", async () => {
  const options = { data: { file: sunspots }, quick: true, steps: 300, out: join(folder, "sunspots") };
  const { metrics = {} } = await train(sequence, options);
  const { compared } = metrics.series as { compared: Record<string, { rmse: number }> };
  for (const form of forms) expect(compared[form].rmse).toBeLessThan(0.7 * compared.persistence.rmse);
  expect(compared).not.toHaveProperty("seasonal");
});
