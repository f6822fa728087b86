import { readFileSync } from "node:fs";
import { compile, grad, ode, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import {
  coulomb,
  dahl,
  forcesAlong,
  lugre,
  maxwellSlip,
  rateAndState,
  type StateLaw,
  sliderFriction,
  slidingForce,
  slippingSprings,
  springSlider,
  stribeck,
} from "../../src/laws/friction/index.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/friction.json", import.meta.url), "utf8"));

const float64 = { dtype: "float64" } as const;
const x = (values: number | number[]) => tensor(values as number[], float64);
const knobs = <K extends string>(values: Record<K, number>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, x(value as number)])) as Record<K, Tensor>;
const values = async (y: Tensor): Promise<number[]> => Array.from((await compile(() => ({ y }), {}).run()).y.data);
const close = (got: number[], wanted: readonly number[], digits: number) => {
  expect(got.length).toBe(wanted.length);
  got.forEach((g, i) => {
    const scale = Math.max(...wanted.map(Math.abs)) || 1;
    expect(g / scale).toBeCloseTo(wanted[i] / scale, digits);
  });
};

const surface = { coulomb: 2, breakaway: 3, velocity: 0.5, viscous: 0.3 };
const curve = (v: number) => {
  const { coulomb: Fc, breakaway: Fs, velocity: vs, viscous } = surface;
  return Math.sign(v) * (Fc + (Fs - Fc) * Math.exp(-((v / vs) ** 2))) + viscous * v;
};
const velocities = [-2, -0.4, 0.001, 0.3, 5];
const elements = { stiffness: x([40, 15, 5]), share: x([0.5, 0.3, 0.2]), attraction: x(30) };
const laws: Record<string, StateLaw> = {
  dahl: dahl(knobs({ ...surface, stiffness: 20 })),
  lugre: lugre(knobs({ ...surface, stiffness: 20, damping: 0.1 })),
  "generalised Maxwell-slip": maxwellSlip({ ...knobs(surface), ...elements }),
  "slipping springs": slippingSprings(x([40, 15]), x([1.5, 1])),
};
const steadyForce: Record<string, (v: number) => number> = {
  dahl: (v) => Math.sign(v) * surface.coulomb + surface.viscous * v,
  lugre: curve,
  "generalised Maxwell-slip": curve,
  "slipping springs": (v) => Math.sign(v) * 2.5,
};

describe("laws without memory", () => {
  test("Coulomb and Stribeck, by hand; 0 at rest", async () => {
    close(await values(coulomb(knobs(surface))(x([...velocities, 0]))), [...velocities.map(steadyForce.dahl), 0], 14);
    close(await values(stribeck(knobs(surface))(x([...velocities, 0]))), [...velocities.map(curve), 0], 14);
  });
});

describe("steady sliding", () => {
  test.each(Object.keys(laws))("%s comes to its curve, and stays there", async (name) => {
    const law = laws[name];
    const v = x(velocities);
    const start = x(0).expand([velocities.length, law.states]);
    // So long that the bristle of the slowest has gone 100 times its bending.
    const state = law.step(start, v, x(1e5));
    close(await values(law.force(state, v)), velocities.map(steadyForce[name]), 12);
    close(
      await values(law.rate(state, v).div(v.abs().unsqueeze(-1))),
      new Array(velocities.length * law.states).fill(0),
      9,
    );
  });

  test("rate-and-state: mu = mu0 + (a - b) ln(V / V0), theta = Dc / V", async () => {
    const [a, b, Dc, mu0, V0] = [0.008, 0.012, 5, 0.6, 2];
    const rs = knobs({ direct: a, evolution: b, distance: Dc, coefficient: mu0, velocity: V0 });
    for (const evolution of ["aging", "slip"] as const) {
      const law = rateAndState(rs, evolution);
      const v = [0.01, 2, 30];
      const state = law.step(x([1, 1, 1]).unsqueeze(-1), x(v), x(1e5));
      close(
        await values(state),
        v.map((V) => Dc / V),
        10,
      );
      close(
        await values(law.force(state, x(v))),
        v.map((V) => mu0 + (a - b) * Math.log(V / V0)),
        10,
      );
      close(await values(law.rate(state, x(v))), [0, 0, 0], 10);
    }
  });
});

describe("at constant velocity", () => {
  test("Dahl: z = (Fc / sigma) sgn(v) (1 - exp(-sigma |x| / Fc)), by its step and by its equation", async () => {
    const law = laws.dahl;
    const [v, times] = [-0.7, [0, 0.05, 0.1, 0.2, 0.4]];
    const wanted = times.map(
      (t) => (surface.coulomb / 20) * Math.sign(v) * (1 - Math.exp((-20 * Math.abs(v) * t) / surface.coulomb)),
    );
    close(await values(law.step(x(0).expand([times.length, 1]), x(v).expand([times.length]), x(times))), wanted, 13);
    const path = ode.solve((z) => law.rate(z, x(v)), x([0]), times, { method: ode.rk4, substeps: 100 });
    close(await values(path), wanted, 9);
  });

  test("theta: Dc / V + (theta0 - Dc / V) exp(-V t / Dc) by the aging law, the same of its logarithm by the slip law", async () => {
    const [V, Dc, first] = [3, 5, 4];
    const times = [0, 0.5, 1, 2, 5];
    const rs = knobs({ direct: 0.01, evolution: 0.012, distance: Dc, coefficient: 0.6, velocity: 1 });
    const left = times.map((t) => Math.exp((-V * t) / Dc));
    const wanted = {
      aging: left.map((e) => Dc / V + (first - Dc / V) * e),
      slip: left.map((e) => (Dc / V) * ((first * V) / Dc) ** e),
    };
    for (const evolution of ["aging", "slip"] as const) {
      const law = rateAndState(rs, evolution);
      const path = ode.solve((y) => law.rate(y, x(V)), x([first]), times, { method: ode.rk4, substeps: 50 });
      close(await values(path), wanted[evolution], 8);
      const start = x(first).expand([times.length, 1]);
      close(await values(law.step(start, x(V).expand([times.length]), x(times))), wanted[evolution], 13);
    }
  });
});

describe("steps and equations", () => {
  test.each(Object.keys(laws))("%s: a short step follows the equation", async (name) => {
    const law = laws[name];
    const h = 1e-6;
    const states = [0.05, -0.02, 0.03].slice(0, law.states);
    const state = x([states, states] as unknown as number[]);
    const v = x([0.4, -0.8]);
    const change = await values(law.step(state, v, x(h)).sub(state).div(h));
    // The smooth law of slipping begins to give way a little before the block does.
    close(change, await values(law.rate(state, v)), 4);
  });

  test("however long the step and stiff the law, nothing overshoots", async () => {
    const stiff = lugre(knobs({ ...surface, stiffness: 1e9, damping: 0 }));
    const v = [1e-12, 1e-6, 1, 1e6];
    const bent = await values(stiff.step(x(0).expand([4, 1]), x(v), x(10)));
    const most = v.map(
      (V) => (surface.coulomb + (surface.breakaway - surface.coulomb) * Math.exp(-((V / surface.velocity) ** 2))) / 1e9,
    );
    bent.forEach((z, i) => expect(z).toBeLessThanOrEqual(most[i] * (1 + 1e-12)));
    expect(bent[0] / most[0]).toBeCloseTo(1 - Math.exp(-1e-11 / most[0]), 12);
  });

  test("at rest nothing moves, and derivatives are finite", async () => {
    for (const law of Object.values(laws)) {
      const v = x([0, 0]);
      const state = x([0.01, 0.02, 0.03].slice(0, law.states)).expand([2, law.states]);
      const stepped = law.step(state, v, x(0.1));
      close(await values(stepped), await values(state), 14);
      (await values(grad(law.force(stepped, v).sum(), v))).forEach((d) => expect(d).toSatisfy(Number.isFinite));
    }
  });

  test("two springs under a triangle: Masing's rule, the branches are the first curve twice as large", async () => {
    const law = laws["slipping springs"];
    const up = new Array(100).fill(0.01);
    // Steps go by the mean of two velocities, so that it stands still for a sample where it turns.
    const v = [...up, ...new Array(201).fill(-0.01), ...new Array(201).fill(0.01)];
    const at = x(v);
    const forces = await values(forcesAlong(law, x([0, 0]), at, x(0.1)));
    const way = (from: number, sample: number) =>
      v.slice(from + 1, sample + 1).reduce((s, a, i) => s + 0.05 * (a + v[from + i]), 0);
    const first = (w: number) => Math.min(40 * w, 1.5) + Math.min(15 * w, 1);
    for (const sample of [10, 50, 99]) expect(forces[sample]).toBeCloseTo(first(way(0, sample)), 12);
    const turned = 99;
    for (const sample of [105, 120, 150, 290]) {
      expect(forces[sample]).toBeCloseTo(forces[turned] - 2 * first(-way(turned, sample) / 2), 12);
    }
  });

  test("sampled at a kilohertz, LuGre's step follows SciPy's solution of a sinusoidal motion to 1 in 1000", async () => {
    const { motion, force, z } = fixture.lugre;
    const w = 2 * Math.PI * motion.frequency;
    const every = 200;
    const times = Array.from({ length: 40 * every + 1 }, (_, i) => i / (40 * every));
    const v = x(times.map((t) => motion.amplitude * w * Math.cos(w * t)));
    const law = lugre(knobs(fixture.lugre.knobs));
    const forces = await values(forcesAlong(law, x([0]), v, x(1 / (40 * every))));
    const scale = Math.max(...force.map(Math.abs));
    force.forEach((f: number, i: number) => expect(Math.abs(forces[i * every] - f) / scale).toBeLessThan(1e-3));
    expect(z.length).toBe(41);
  });
});

describe("against SciPy", () => {
  test("LuGre's equation under a sinusoidal motion", async () => {
    const { motion, t, z, force } = fixture.lugre;
    const law = lugre(knobs(fixture.lugre.knobs));
    const w = 2 * Math.PI * motion.frequency;
    const velocity = (time: Tensor) =>
      time
        .mul(w)
        .cos()
        .mul(motion.amplitude * w);
    const path = ode.solve((y, time) => law.rate(y, velocity(time)), x([0]), t, {
      method: ode.rodas4,
      rtol: 1e-8,
      atol: 1e-12,
    });
    close(await values(path), z, 6);
    close(await values(law.force(path, velocity(x(t)))), force, 6);
  });

  test.each(["aging", "slip"] as const)("a slider on a spring after a velocity step, %s law", async (evolution) => {
    const { t, spring } = fixture.slider;
    const rs = knobs(
      fixture.slider.knobs as Record<"direct" | "evolution" | "distance" | "coefficient" | "velocity", number>,
    );
    const rate = springSlider(rs, evolution, { stiffness: x(spring.stiffness), load: () => x(spring.load) });
    const path = ode.solve(rate, x([0, 0]), t, { method: ode.rodas4, rtol: 1e-9, atol: 1e-11 });
    close(await values(sliderFriction(rs, path)), fixture.slider[evolution], 9);
  });
});

test("g(v) is the breakaway force at rest and Coulomb's far from it", async () => {
  close(await values(slidingForce(knobs(surface), x([0, 50]))), [3, 2], 14);
});
