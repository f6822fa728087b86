import { describe, expect, test } from "vitest";
import { disagreement } from "../../bench/agree.ts";
import { cases } from "../../bench/cases/index.ts";
import { stepFlops, sumTolerances } from "../../bench/cases/tensors.ts";
import { columns } from "../../bench/columns.ts";
import { number, time } from "../../bench/format.ts";
import { faster, judge, level, share, within } from "../../bench/goals.ts";
import { measuredIn } from "../../bench/measured.ts";
import { median } from "../../bench/median.ts";
import { parseOptions } from "../../bench/options.ts";
import { Random } from "../../bench/random.ts";
import type { BenchResult, Cell, VariantResult } from "../../bench/result.ts";
import { resultsPage } from "../../bench/results.ts";
import { rotation } from "../../bench/rotation.ts";
import { printTable } from "../../bench/table.ts";

const timed = (seconds: number): Cell => ({ seconds, samples: [seconds, seconds * 2], threads: 1 });

function variant(cells: Record<string, Cell>, rest: Partial<VariantResult> = {}): VariantResult {
  return { case: "proteins", variant: "step", cells, verdicts: [], ...rest };
}

describe("medians and order", () => {
  test("the median of an odd and of an even number of slices", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test("every round has everybody once, and over as many rounds everybody begins once", () => {
    const names = ["a", "b", "c"];
    const rounds = [0, 1, 2, 3].map((round) => rotation(names, round));
    expect(rounds.map((round) => round.toSorted())).toEqual([names, names, names, names]);
    expect(rounds.map(([first]) => first)).toEqual(["a", "b", "c", "a"]);
    expect(rotation([], 3)).toEqual([]);
  });

  test("the generator gives the same numbers for a seed, others for another, and fair ones", () => {
    const draw = (seed: string) =>
      Array.from(
        { length: 10_000 },
        (
          (random) => () =>
            random.normal()
        )(new Random(seed)),
      );
    expect(draw("a")).toEqual(draw("a"));
    expect(draw("a")[0]).not.toBe(draw("b")[0]);
    const numbers = draw("a");
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
  });
});

describe("checks", () => {
  test("agree within 1e-4 of the largest number", () => {
    expect(disagreement([1, 0.00009], [1, 0])).toBeUndefined();
    expect(disagreement([1, 0.00011], [1, 0])).toContain("number 2");
  });

  test("disagree when a number is missing or none", () => {
    expect(disagreement([1], [1, 2])).toContain("1 numbers");
    expect(disagreement([Number.NaN, 2], [1, 2])).toContain("NaN");
    expect(disagreement([null, 2], [1, 2])).toContain("NaN");
  });

  test("a sum that cancels is held to the size of what it sums", () => {
    const reference = [0.001, 100, 0.5];
    const tolerances = sumTolerances(reference, 10_000);
    expect(tolerances[0]).toBeCloseTo(0.1);
    expect(disagreement([0.05, 100.005, 0.50001], reference, tolerances)).toBeUndefined();
    expect(disagreement([0.2, 100, 0.5], reference, tolerances)).toContain("number 1");
  });
});

describe("goals", () => {
  const measured = measuredIn(
    [
      variant({
        "pondus-native-1": timed(2e-3),
        "pondus-native": timed(1e-3),
        "pondus-wasm": { problem: "failed: it ended" },
        "pytorch-1": timed(4e-3),
      }),
      variant({ "pondus-native": timed(1e-2) }, { variant: "wider" }),
    ],
    "step",
    { "fma-f32": 100 },
  );

  test("are held by the better way to run a program", () => {
    expect(judge(faster("native", 3, "pytorch"), measured)).toMatchObject({ figure: 4, verdict: "met" });
    expect(judge(faster("native", 5, "pytorch"), measured)).toMatchObject({ figure: 4, verdict: "MISSED" });
    expect(judge(within("native", 1e-4), measured).verdict).toBe("MISSED");
  });

  test("are not measured without the other, and missed when one's own run failed", () => {
    expect(judge(faster("native", 3, "jax"), measured).verdict).toBe("not measured");
    expect(judge(faster("pondus-wasm", 2, "pytorch"), measured).verdict).toBe("MISSED");
    expect(judge(within("nobody", 1), measured).verdict).toBe("not measured");
  });

  test("a share of a ceiling is that of the fastest slice", () => {
    const goal = share("pondus-native-1", 0.9, 0.19e9, "fma-f32", "share");
    const verdict = judge(goal, measured);
    expect(verdict.figure).toBeCloseTo(0.95);
    expect(verdict.verdict).toBe("met");
    expect(judge(share("pondus-native-1", 0.9, 1e8, "memory", "share"), measured).verdict).toBe("not measured");
  });

  test("a cliff is a step in the time of one unit of work", () => {
    const beside = { variant: "wider", units: 20 };
    expect(judge(level("pondus-native", 1.3, 1, beside, "sample"), measured)).toMatchObject({
      figure: 2,
      verdict: "MISSED",
    });
    expect(judge(level("pondus-native", 1.3, 2, beside, "sample"), measured)).toMatchObject({
      figure: 1,
      verdict: "met",
    });
  });
});

describe("cases", () => {
  test("names are known once, and goals look at variants that exist", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { variants } of cases) {
      expect(new Set(variants.map(({ name }) => name)).size).toBe(variants.length);
      const seen = measuredIn(
        variants.map(({ name }) =>
          variant({ "pondus-native": timed(1), "pondus-native-1": timed(1) }, { variant: name }),
        ),
        variants[0].name,
      );
      for (const goal of variants.flatMap(({ goals }) => goals).filter(({ text }) => text.includes("time per"))) {
        expect(goal.figure(seen), goal.text).toBeGreaterThan(0);
      }
    }
  });

  test("data have the shapes that they say, and are the same each time", () => {
    for (const one of cases.filter(({ name }) => name !== "scale")) {
      for (const { sizes } of one.variants.filter(({ sizes }) => !(Number(sizes.n) > 1e5 || Number(sizes.m) > 1000))) {
        const [data, again] = [one.data(sizes), one.data(sizes)];
        for (const [name, { shape, data: numbers }] of Object.entries(data)) {
          expect(numbers.length).toBe(shape.reduce((n, length) => n * length, 1));
          expect(Buffer.compare(Buffer.from(numbers.buffer), Buffer.from(again[name].data.buffer))).toBe(0);
        }
      }
    }
  });

  test("two results in one check are each held to their own size", () => {
    const conv = cases.find(({ name }) => name === "conv");
    const small = [0, 36864e-6, 0, 0];
    const tolerances = conv?.tolerances?.([0, 8 * 56 * 56 * 64, 0, 0, ...small], { what: "gradients" }) ?? [];
    expect(tolerances).toHaveLength(8);
    // Numbers of about 1 may be off by 1e-4, those of about 1e-3 by 1e-7.
    expect(tolerances[3]).toBeCloseTo(1e-4, 10);
    expect(tolerances[7]).toBeCloseTo(1e-7, 10);
  });

  test("who takes too few steps of a differential equation has not done its work", () => {
    const diffeq = cases.find(({ name }) => name === "diffeq");
    const reference = [...Array<number>(24).fill(10), 700, 376, 417];
    const wrong = (participant: string, ...means: number[]) => {
      const check = [...reference.slice(0, 24), ...means];
      return disagreement(check, reference, diffeq?.tolerances?.(reference, { what: "lorenz" }, participant));
    };
    expect(wrong("jax", 701, 376, 453)).toBeUndefined();
    expect(wrong("jax", 700, 360, 417)).toContain("number 26");
    expect(wrong("scipy", 650, 386, 428)).toBeUndefined();
    expect(wrong("scipy", 650, 200, 220)).toContain("number 26");
  });

  test("the operations of a training step, counted by hand for 3-2-1 and two samples", () => {
    // Forward 2 * (6 + 2) multiply-adds, gradients of the weights as many, of the hidden values 2 * 2.
    expect(stepFlops(2, [3, 2, 1])).toBe(2 * (16 + 16 + 4));
  });
});

describe("what is printed", () => {
  const result: BenchResult = {
    date: "2026-01-02T03:04:05.000Z",
    seconds: 0.15,
    machine: {
      processor: "A processor",
      cores: 2,
      features: ["fma"],
      memoryBytes: 2 ** 34,
      system: "a system",
      node: "22",
      compiler: "cc 1",
      ceilings: { "fma-f32": 250 },
    },
    participants: [
      { name: "pondus-native-1", version: "1", threads: 1 },
      { name: "jax", missing: "install it with bench/peers/setup" },
    ],
    results: [
      variant(
        { "pondus-native-1": timed(2e-4), "pondus-wasm": timed(6e-4), tfjs: { problem: "disagrees: number 2" } },
        {
          verdicts: [judge(faster("pondus-wasm", 1, "pondus-native-1"), measuredIn([], "step"))],
        },
      ),
    ],
  };

  test("the table has times, ratios, goals, and what is missing", () => {
    const text = printTable(result);
    expect(text).toMatch(/pondus-native-1\s+200 us\s+1\.00x\s+0\.333x/);
    expect(text).toMatch(/pondus-wasm\s+600 us\s+3\.00x\s+1\.00x/);
    expect(text).toMatch(/tfjs\s+disagrees: number 2/);
    expect(text).toMatch(/at least 1\.00x\s+no figure\s+not measured/);
    expect(text).toMatch(/Missing\n {2}jax\s+install it with bench\/peers\/setup/);
  });

  test("the page begins with goals and ratios, and ends with the machine", () => {
    const page = resultsPage(result);
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(["Goals", "Ratios", "Times", "Not timed, and why", "The machine"]);
    expect(page).toContain("| step | 1.00x | 3.00x | disagrees |");
    expect(page).toContain("| processor | A processor, 2 cores |");
  });

  test("numbers have three digits", () => {
    expect([12345, 999.4, 99.9, 0.12345].map(number)).toEqual(["12,345", "999", "99.9", "0.123"]);
    expect([1.5, 2e-3, 3.456e-6, 7e-9].map(time)).toEqual(["1.50 s", "2.00 ms", "3.46 us", "7.00 ns"]);
    expect(
      columns([
        ["a", "1"],
        ["bb", "22"],
      ]),
    ).toBe("a    1\nbb  22");
  });
});

test("options: what is unknown is named", () => {
  expect(parseOptions(["--only", "gemm,deep", "--json"])).toMatchObject({
    only: ["gemm", "deep"],
    json: true,
    seconds: 0.15,
  });
  expect(parseOptions(["--help"])).toBe("help");
  expect(() => parseOptions(["--only", "gem"])).toThrow("gem is none of them");
  expect(() => parseOptions(["--peers", "torch"])).toThrow("torch is none of them");
  expect(() => parseOptions(["--seconds", "0"])).toThrow("--seconds");
});
