import { readFileSync } from "node:fs";
import { compile, ode, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import type { Problem } from "../support/ode-problems/problem.ts";
import { hires, robertson, vanDerPol } from "../support/ode-problems/stiff.ts";

// Stiff standards against references of 12 digits and more, in units of each state itself: Robertson's b ends at 8e-14.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode_problems.json", import.meta.url), "utf8"));
const rowsOf = ({ name }: Problem): { t: number; reference: number[] }[] => fixture.stiff[name];
const off = (got: ArrayLike<number>, wanted: readonly number[]) =>
  wanted.reduce((worst, w, i) => Math.max(worst, Math.abs(got[i] - w) / Math.abs(w)), 0);
const integrate = ({ law, y0 }: Problem, times: readonly number[], options: ode.SolveOptions) =>
  ode.integrate(law, tensor([...y0], { dtype: "float64" }), times, options);

const problems = [
  { problem: vanDerPol, atol: 1e-8 },
  { problem: robertson, atol: 1e-18 },
  { problem: hires, atol: 1e-11 },
];

describe.each([{ method: ode.rodas4 }, { method: ode.rodas5p }])("$method.name", ({ method }) => {
  test.each(problems)("$problem.name", async ({ problem, atol }) => {
    const rows = rowsOf(problem);
    const solve = (rtol: number) => integrate(problem, [0, ...rows.map(({ t }) => t)], { method, rtol, atol });
    const [loose, tight] = [solve(1e-4), solve(1e-7)];
    const r = await compile(() => ({
      loose: loose.path,
      tight: tight.path,
      status: tight.status,
      steps: tight.steps,
    })).run();
    const wanted = [problem.y0, ...rows.map(({ reference }) => reference)].flat();
    const start = problem.y0.length;
    const error = (path: ArrayLike<number>) => off(Array.from(path).slice(start), wanted.slice(start));
    expect(ode.outcome({ status: r.status.item(), t: problem.end }).reason).toBe("done");
    expect(error(r.loose.data)).toBeLessThan(1e-3);
    expect(error(r.tight.data)).toBeLessThan(1e-6);
    expect(r.steps.item()).toBeLessThan(method.order === 5 ? 1000 : 2000);
    // Linear invariants are kept, whatever the steps: Robertson's substance, and the light-bound enzyme of HIRES.
    const conserved = { vanDerPol: [], robertson: [0, 1, 2], hires: [6, 7] }[problem.name] as number[];
    for (let row = 0; row <= rows.length; row++) {
      const total = conserved.reduce((sum, i) => sum + r.loose.data[row * start + i], 0);
      expect(total).toBeCloseTo(
        conserved.reduce((sum, i) => sum + problem.y0[i], 0),
        11,
      );
    }
  });
});

test("implicitEuler follows van der Pol's jumps, in order 1", async () => {
  const { path, status } = integrate(vanDerPol, [0, 1], { method: ode.implicitEuler, rtol: 1e-5, atol: 1e-5 });
  const better = integrate(vanDerPol, [0, 1], { method: ode.rodas5p, rtol: 1e-9, atol: 1e-9 });
  const r = await compile(() => ({ path, status, better: better.path })).run();
  expect(ode.outcome({ status: r.status.item(), t: 1 }).ok).toBe(true);
  expect(off(Array.from(r.path.data).slice(2), Array.from(r.better.data).slice(2))).toBeLessThan(1e-3);
});

test("an explicit method does not get through, and says so", async () => {
  const options = { method: ode.tsit5, rtol: 1e-6, atol: 1e-6, maxSteps: 5000 };
  const { path, status, steps, rejected, t } = integrate(vanDerPol, [0, vanDerPol.end], options);
  const r = await compile(() => ({ path, status, turns: steps.add(rejected), t })).run();
  const outcome = ode.outcome({ status: r.status.item(), t: r.t.item() });
  expect([outcome.ok, outcome.reason, r.turns.item()]).toEqual([false, "too many steps", 5000]);
  expect(outcome.message).toContain("ode.rodas5p");
  expect(r.t.item()).toBeLessThan(vanDerPol.end);
  expect(Array.from(r.path.data)).toEqual([2, 0, Number.NaN, Number.NaN]);
});
