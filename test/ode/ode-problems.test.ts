import { readFileSync } from "node:fs";
import { compile } from "pondus";
import { describe, expect, test } from "vitest";
import { detest } from "../support/ode-problems/detest.ts";
import { hires, robertson, vanDerPol } from "../support/ode-problems/stiff.ts";

// The problems themselves: both ways to write them agree with one another, closed forms and published end values with
// the fixture's.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode_problems.json", import.meta.url), "utf8"));
const largest = (got: ArrayLike<number>, wanted: readonly number[], scale = 1) =>
  wanted.reduce((worst, w, i) => Math.max(worst, Math.abs(got[i] - w) / Math.max(scale, Math.abs(w))), 0);

describe.each([...detest, vanDerPol, robertson, hires])("$name", ({ name, y0, end, rate, law, exact }) => {
  test("in numbers and in tensors", async () => {
    const float64 = (shape: number[]) => ({ shape, dtype: "float64" as const });
    const program = compile(({ y, t }) => ({ rate: law(y, t) }), { y: float64([y0.length]), t: float64([]) });
    for (let k = 0; k < 4; k++) {
      const y = y0.map((value, i) => value + 0.3 * k * Math.sin(1 + 3 * i + k));
      const t = (end * k) / 5;
      expect(largest((await program.run({ y, t })).rate.data, rate(t, y))).toBeLessThan(1e-13);
    }
  });

  if (exact) {
    test("begins with y0, has the rate as its slope, ends as others computed", () => {
      expect(largest(exact(0), y0)).toBeLessThan(1e-15);
      expect(largest(exact(end), fixture.detest[name].reference)).toBeLessThan(1e-13);
      const h = 1e-5;
      const slope = exact(7 + h).map((y, i) => (y - exact(7 - h)[i]) / (2 * h));
      expect(largest(slope, rate(7, exact(7)))).toBeLessThan(1e-7);
    });
  }
});

test("end values as published", () => {
  expect(Object.keys(fixture.detest)).toEqual(detest.map(({ name }) => name));
  for (const { reference, published } of Object.values<Record<string, number[]>>(fixture.detest)) {
    expect(largest(reference, published)).toBeLessThan(1e-13);
  }
  const ends = Object.values<{ published?: number[]; reference: number[] }[]>(fixture.stiff).map(
    (rows) => rows.at(-1)!,
  );
  expect(ends.length).toBe(3);
  for (const { reference, published } of ends) expect(largest(reference, published!, 0)).toBeLessThan(1e-12);
});
