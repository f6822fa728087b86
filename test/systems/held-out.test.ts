import fc from "fast-check";
import { readTimeSeries, type TimeSeries } from "pondus/experiment";
import { parseCsv } from "pondus/io";
import { yeast } from "pondus/systems";
import { describe, expect, test } from "vitest";
import { scaled, scaledParts } from "../../src/experiment/data/scaled-series.ts";
import { rowsOf } from "../../src/experiment/data/time-series.ts";
import { openSession } from "../../src/experiment/session.ts";
import { scalesOf } from "../../src/systems/friction/motion.ts";
import { readFriction } from "../../src/systems/friction/read.ts";
import { changesOf, readSeries } from "../../src/systems/sequence/series.ts";
import type { Growth } from "../../src/systems/yeast/growth-model.ts";
import { learn } from "../../src/systems/yeast/learn.ts";

// What is held out may change nothing of what is learned: neither a scale, nor a start, nor a row.

const csv = (head: string, rows: readonly (readonly number[])[]) =>
  `${head}\n${rows.map((row) => row.join(",")).join("\n")}\n`;

/** Factors by which what is held out is changed, some of them large. */
const factors = (count: number) =>
  fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: count, maxLength: count });

test("parts of a series are in units of the rows that are learned from", () => {
  const rows = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(rows, fc.nat(), (values, at) => {
      const series = readTimeSeries(
        parseCsv(
          csv(
            "t,n",
            values.map((n, i) => [i * i, n]),
          ),
          "made",
        ),
        {},
      );
      const all = values.map((_, i) => i);
      const out = at % values.length;
      const train = all.filter((i) => i !== out);
      const parts = scaledParts(series, { train, validation: [out] });
      expect(parts.train).toEqual(scaled(rowsOf(series, train)));
      expect(parts.validation.units).toBe(parts.train.units);
      expect(parts.validation.series.states[0].values).toEqual([values[out]]);
    }),
  );
});

/** Growth up to a ceiling, of one state or two, with these rows multiplied by factors. */
function grown(states: number, by: Readonly<Record<number, number>>): TimeSeries {
  const rows = Array.from({ length: 12 }, (_, i) => {
    const n = 100 / (1 + 20 * Math.exp(-i / 2));
    return [i, n * (by[i] ?? 1), (120 - n) * (by[i] ?? 1)].slice(0, 1 + states);
  });
  return readTimeSeries(parseCsv(csv(["t", "a", "b"].slice(0, 1 + states).join(","), rows), "made"), {});
}

const all = Array.from({ length: 12 }, (_, i) => i);

describe.each([
  ["network", 1],
  ["network", 2],
  ["hybrid", 2],
  ["augmented", 1],
] as const)("yeast, %s of %i states", (law, states) => {
  /** What a fit that learns from some rows comes to, and the law beside it. */
  async function learned(validation: readonly number[], by: Readonly<Record<number, number>>) {
    const data = grown(states, by);
    const session = openSession<Growth, TimeSeries>({
      model: yeast.model(data, "adam", { law }),
      data,
      settings: { seed: 0, steps: 2, learningRate: 1e-3, optimizer: "adam", law },
      backend: "reference",
      fits: new Map(),
      keep() {},
    });
    const train = all.filter((i) => !validation.includes(i));
    const { beside, points } = await learn(session, "fit", { train, validation });
    return { points, law: beside?.knobs };
  }

  test.each([
    ["a forecast", [8, 9, 10, 11], [900, 0.1, 40, 3000]],
    ["what lies between", [4, 8], [700, 0.2]],
  ])("%s: the held-out rows change nothing of what is learned", async (_, rows, factors) => {
    const changed = Object.fromEntries(rows.map((row, i) => [row, factors[i]]));
    expect(await learned(rows, changed)).toEqual(await learned(rows, {}));
  });
});

test.each(["velocity", "displacement"])(
  "friction by %s: other values behind the border, the same training",
  (moved) => {
    const [count, from] = [300, 210];
    const read = (by: readonly number[]) => {
      const rows = Array.from({ length: count }, (_, i) => {
        const factor = i < from ? 1 : by[i - from];
        return [i / 10, Math.sin(i / 7) * factor, Math.sign(Math.cos(i / 7)) * factor];
      });
      const measured = readFriction(parseCsv(csv(`time,${moved},force`, rows), "made"), {});
      if (!("motion" in measured)) throw new Error("a motion was written");
      return measured.motion;
    };
    const plain = read(new Array<number>(count - from).fill(1));
    fc.assert(
      fc.property(factors(count - from), (by) => {
        const changed = read(by);
        expect(changed.training).toEqual(plain.training);
        expect(scalesOf(changed.training)).toEqual(scalesOf(plain.training));
      }),
      { numRuns: 20 },
    );
  },
);

test("sequence: the unit of a series is that of the changes to learn from", () => {
  const count = 60;
  const wave = Array.from({ length: count }, (_, i) => Math.sin(i / 3) + i / 10);
  const series = (values: readonly number[]) =>
    readSeries(
      parseCsv(
        csv(
          "t,n",
          values.map((n, i) => [i, n]),
        ),
        "made",
      ),
      {},
    );
  const plain = changesOf(series(wave));
  const known = plain.train + 1;
  fc.assert(
    fc.property(factors(count - known), (by) => {
      const changed = changesOf(series(wave.map((n, i) => (i < known ? n : n * by[i - known]))));
      expect(changed.unit).toBe(plain.unit);
      expect(changed.changes.slice(0, changed.train)).toEqual(plain.changes.slice(0, plain.train));
    }),
  );
});
