import { readFileSync } from "node:fs";
import { compile, ode, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { detest } from "../support/ode-problems/detest.ts";
import type { Problem } from "../support/ode-problems/problem.ts";

// The 25 problems of DETEST with step size control, against end values of 16 digits.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode_problems.json", import.meta.url), "utf8"));
const largest = (got: ArrayLike<number>, wanted: readonly number[]) =>
  wanted.reduce((worst, w, i) => Math.max(worst, Math.abs(got[i] - w) / Math.max(1, Math.abs(w))), 0);
const times = [0, 3.7, 11.1, 20];

/** Solves with each of the tolerances, all by one program: as WebAssembly for most, which is there in a third of the time. */
async function solve({ law, y0 }: Problem, method: ode.Method, tolerances: readonly number[]) {
  const backend = method === ode.tsit5 ? "auto" : "wasm";
  const program = compile(
    ({ atol }) => {
      const options = { method, rtol: Math.min(...tolerances), atol };
      const { path, status } = ode.integrate(law, tensor([...y0], { dtype: "float64" }), times, options);
      return { path, status };
    },
    { atol: { shape: [], dtype: "float64" } },
    { backend },
  );
  const found = [];
  for (const atol of tolerances) {
    const { path, status } = await program.run({ atol });
    const rows = Array.from(path.data);
    const { reason } = ode.outcome({ status: status.item(), t: times[3] });
    found.push({ reason, between: rows.slice(y0.length, -y0.length), end: rows.slice(-y0.length) });
  }
  return found;
}

const close = [{ method: ode.tsit5 }, { method: ode.dopri5 }, { method: ode.dopri8 }, { method: ode.rodas5p }];
describe.each(close)("$method.name", ({ method }) => {
  test.each(detest)("$name", async (problem) => {
    const { name, exact } = problem;
    const [loose, tight] = await solve(problem, method, [1e-6, 1e-9]);
    expect([loose.reason, tight.reason]).toEqual(["done", "done"]);
    // Errors of steps add up, in orbits with the square of the time: a thousand tolerances and more.
    const end = fixture.detest[name].reference;
    expect(largest(loose.end, end)).toBeLessThan(2e-3);
    expect(largest(tight.end, end)).toBeLessThan(1e-6);
    // At times inside of steps too.
    if (exact) expect(largest(tight.between, times.slice(1, -1).flatMap(exact))).toBeLessThan(1e-6);
  });
});

const coarse = [
  { method: ode.midpoint, tolerance: 1e-5, within: 20 },
  { method: ode.heun, tolerance: 1e-5, within: 20 },
  { method: ode.ralston, tolerance: 1e-5, within: 20 },
  { method: ode.bosh3, tolerance: 1e-6, within: 20 },
  { method: ode.rodas4, tolerance: 1e-6, within: 20 },
  { method: ode.implicitEuler, tolerance: 1e-4, within: 500 },
];
const gentle = detest.filter(({ name }) => ["A4", "B2", "B3", "C1", "E1", "E4"].includes(name));
describe.each(coarse)("$method.name, within $within tolerances", ({ method, tolerance, within }) => {
  test.each(gentle)("$name", async (problem) => {
    const [{ reason, end }] = await solve(problem, method, [tolerance]);
    expect(reason).toBe("done");
    expect(largest(end, fixture.detest[problem.name].reference)).toBeLessThan(within * tolerance);
  });
});
