import { readFileSync } from "node:fs";
import { compile, ode, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

// The same methods with step size control in diffrax, and paths that are far more exact.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode_adaptive.json", import.meta.url), "utf8"));
const methods: Record<string, ode.Method> = { tsit5: ode.tsit5, dopri5: ode.dopri5, dopri8: ode.dopri8 };
interface Problem {
  parameters: Record<string, number>;
  y0: number[];
  t: number[];
  reference: number[][];
  methods: Record<string, { accepted: number; rejected: number; largestError: number; path: number[][] }>;
}

const laws: Record<string, (y: Tensor, p: Record<string, number>) => Tensor> = {
  lorenz: (s, { sigma, rho, beta }) => {
    const [x, y, z] = [s.at(0), s.at(1), s.at(2)];
    return stack([y.sub(x).mul(sigma), x.mul(z.neg().add(rho)).sub(y), x.mul(y).sub(z.mul(beta))]);
  },
  lotkaVolterra: (s, { a, b, c, d }) => {
    const met = s.at(0).mul(s.at(1));
    return stack([s.at(0).mul(a).sub(met.mul(b)), met.mul(d).sub(s.at(1).mul(c))]);
  },
  pendulum: (s, { g }) => stack([s.at(1), s.at(0).sin().mul(-g)]),
};
const furthest = (got: ArrayLike<number>, wanted: readonly number[]) =>
  wanted.reduce((worst, w, i) => Math.max(worst, Math.abs(got[i] - w)), 0);

describe.each(Object.entries<Problem>(fixture.problems))("%s", (name, problem) => {
  test.each(Object.entries(problem.methods))(
    "%s is as exact as diffrax's, in about as many steps",
    async (key, theirs) => {
      const rate = (y: Tensor) => laws[name](y, problem.parameters);
      const options = { method: methods[key], rtol: fixture.tolerance, atol: fixture.tolerance };
      const { path, steps, rejected } = ode.integrate(
        rate,
        tensor(problem.y0, { dtype: "float64" }),
        problem.t,
        options,
      );
      const r = await compile(() => ({ path, steps, rejected })).run();
      expect(furthest(r.path.data, problem.reference.flat())).toBeLessThan(2 * theirs.largestError);
      expect(furthest(r.path.data, theirs.path.flat())).toBeLessThan(3 * theirs.largestError);
      expect(r.steps.item() + r.rejected.item()).toBeLessThan(1.4 * (theirs.accepted + theirs.rejected));
    },
  );
});
