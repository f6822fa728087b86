import { compile, ode, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";

// A pendulum over 1e5 steps. What a symplectic method does to the energy it undoes again; rk4 wears the motion down.
const stretches = 100;
const substeps = 1000;
const step = 0.2;

async function energyErrors(method: ode.Method): Promise<number[]> {
  const pendulum = ode.secondOrder((q) => q.sin().neg());
  const start = tensor([2, 0], { dtype: "float64" });
  const times = Array.from({ length: stretches + 1 }, (_, i) => i * substeps * step);
  const path = ode.solve(pendulum, start, times, { method, substeps });
  const energy = (y: Tensor) => y.at(1, 1).square().div(2).sub(y.at(0, 1).cos());
  const r = await compile(() => ({ energy: energy(path) })).run();
  return Array.from(r.energy.data, (e) => Math.abs(e - r.energy.data[0]));
}

const largest = (errors: readonly number[]) => errors.reduce((worst, x) => Math.max(worst, x), 0);
const early = (errors: readonly number[]) => largest(errors.slice(1, 26));
const late = (errors: readonly number[]) => largest(errors.slice(76));

test.each([
  { method: ode.leapfrog, bound: 1.2e-2 },
  { method: ode.yoshida4, bound: 2e-4 },
])("$method.name: the energy stays as near after 1e5 steps as at first", async ({ method, bound }) => {
  const errors = await energyErrors(method);
  expect(largest(errors)).toBeLessThan(bound);
  expect(late(errors)).toBeLessThan(1.05 * early(errors));
});

test("rk4: the energy drifts in proportion to the time, and further than that of yoshida4, of the same order", async () => {
  const errors = await energyErrors(ode.rk4);
  expect(late(errors)).toBeGreaterThan(3 * early(errors));
  expect(late(errors)).toBeGreaterThan(100 * late(await energyErrors(ode.yoshida4)));
});
