import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { compile, grad, ode, stack, type Tensor, tensor, where } from "pondus";
import { describe, expect, test } from "vitest";

const dtype = "float64" as const;
const float64 = (values: number | readonly number[]) => tensor(values, { dtype });
const exact = { rtol: 1e-9, atol: 1e-11 };
const size = (...shape: number[]) => ({ shape, dtype });

/** What goes past a level in one way or another: by how many of them is the place known, and has it a derivative. */
const kinds: Record<string, { when: (y: Tensor, level: Tensor) => Tensor; smooth: boolean }> = {
  difference: { when: (y, level) => y.sub(level), smooth: true },
  "difference of cubes": { when: (y, level) => y.pow(3).sub(level.pow(3)), smooth: true },
  kink: { when: (y, level) => where(y.lt(level), y.sub(level).mul(100), y.sub(level)), smooth: true },
  steep: { when: (y, level) => y.sub(level).mul(1e6).tanh(), smooth: true },
  bool: { when: (y, level) => y.lt(level), smooth: false },
  "bool less a half": { when: (y, level) => y.lt(level).cast(dtype).sub(0.5), smooth: false },
  sign: { when: (y, level) => y.sub(level).sign(), smooth: false },
  piecewise: { when: (y, level) => where(y.lt(level), float64(-1), y), smooth: false },
  pole: { when: (y, level) => y.sub(level).pow(-1), smooth: false },
};

/** y' = -k y from y0 to the level: at t = ln(y0 / level) / k. */
function decayTo(when: (y: Tensor, level: Tensor) => Tensor, options: ode.SolveOptions) {
  return compile(
    ({ y0, k, level, end }) => {
      const rate = (y: Tensor) => y.mul(k).neg();
      const s = ode.integrate(rate, y0, stack([end.mul(0), end]), {
        ...options,
        event: { when: (y) => when(y.at(0), level) },
      });
      const [ty, tk, tl] = grad(s.t, [y0, k, level]);
      const [yy, yk] = grad(s.y.sum(), [y0, k]);
      return { t: s.t, y: s.y, status: s.status, ty, tk, tl, yy, yk };
    },
    { y0: size(1), k: size(), level: size(), end: size() },
  );
}

const decays = fc.record({
  y0: fc.double({ min: 0.5, max: 5, noNaN: true }),
  k: fc.double({ min: 0.2, max: 3, noNaN: true }),
  part: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  forward: fc.boolean(),
});

async function passesAt(
  program: ReturnType<typeof decayTo>,
  { y0, k, part, forward }: { y0: number; k: number; part: number; forward: boolean },
  tolerance: number,
) {
  const level = forward ? y0 * part : y0 / part;
  const t = Math.log(y0 / level) / k;
  const r = await program.run({ y0: [y0], k: [k], level: [level], end: [forward ? 30 / k : -30 / k] });
  expect(ode.outcome({ status: r.status.item(), t: r.t.item() }).reason).toBe("event");
  const near = (got: { item(): number }, wanted: number) =>
    expect(Math.abs(got.item() - wanted) / (1 + Math.abs(wanted))).toBeLessThan(tolerance);
  near(r.t, t);
  near(r.y, level);
  return { r, t, level, near };
}

describe("an event is where its function changes sides, however it does", () => {
  test.each(Object.entries(kinds))("%s", async (name, { when, smooth }) => {
    // A yes/no event falls and rises with the level, whichever way the solution goes.
    const program = decayTo(when, exact);
    await fc.assert(
      fc.asyncProperty(decays, async (given) => {
        if (name === "bool" && !given.forward) return;
        const { r, t, level, near } = await passesAt(program, given, 1e-7);
        const { y0, k } = given;
        near(r.ty, smooth ? 1 / (k * y0) : 0);
        near(r.tk, smooth ? -t / k : 0);
        near(r.tl, smooth ? -1 / (k * level) : 0);
        // At the level the state stays the same; at a given time it moves with all else.
        near(r.yy, smooth ? 0 : level / y0);
        near(r.yk, smooth ? 0 : -t * level);
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});

test.each<[ode.Method, number, ode.SolveOptions]>([
  [ode.bosh3, 1e-5, { rtol: 1e-8, atol: 1e-9, maxSteps: 20_000 }],
  [ode.dopri5, 1e-6, exact],
  [ode.dopri8, 1e-6, exact],
  [ode.rodas4, 1e-5, { rtol: 1e-8, atol: 1e-9 }],
  [ode.rodas5p, 1e-6, exact],
  [ode.implicitEuler, 2e-2, { rtol: 1e-4, atol: 1e-5 }],
])("$name finds them, either way in time", async (method, tolerance, options) => {
  for (const { when } of [kinds.difference, kinds.sign]) {
    const program = decayTo(when, { ...options, method });
    await fc.assert(
      fc.asyncProperty(decays, async (given) => {
        await passesAt(program, given, tolerance);
      }),
      { numRuns: 10, seed: 6 },
    );
  }
});

describe("at the start", () => {
  const thrown = (v: Tensor, direction?: "rising" | "falling") => {
    const rate = (y: Tensor) => stack([y.at(1), y.at(1).mul(0).sub(9.81)]);
    return ode.integrate(rate, stack([v.mul(0), v]), [0, 100], { event: { when: (y) => y.at(0), direction } });
  };

  test("what is thrown from the ground comes back to it, though a step may be the whole flight", async () => {
    const program = compile(
      ({ v }) => {
        const { t, status } = thrown(v);
        return { t, status, g: grad(t, v) };
      },
      { v: size() },
    );
    for (const v of [0.01, 0.5, 3, 20, 400]) {
      const r = await program.run({ v: [v] });
      expect(r.status.item()).toBe(2);
      expect(r.t.item() / ((2 * v) / 9.81)).toBeCloseTo(1, 8);
      expect(r.g.item()).toBeCloseTo(2 / 9.81, 8);
    }
  });

  test("a yes is at once, a no waits", async () => {
    const line = (y: Tensor) => y.mul(0).add(1);
    const from = (y0: number, when: (y: Tensor) => Tensor, direction?: "rising" | "falling") =>
      ode.integrate(line, float64([y0]), [2, 5], { event: { when: (y) => when(y.at(0)), direction } });
    const at = await compile(() => ({
      yes: from(3, (y) => y.ge(1)).t,
      no: from(0, (y) => y.ge(1)).t,
      noMore: from(0, (y) => y.le(1), "falling").t,
      never: from(3, (y) => y.le(1), "rising").t,
      path: from(3, (y) => y.ge(1)).path,
    })).run();
    expect([at.yes.item(), at.never.item()]).toEqual([2, 5]);
    expect(at.no.item()).toBeCloseTo(3, 12);
    expect(at.noMore.item()).toBeCloseTo(3, 12);
    expect(Array.from(at.path.data)).toEqual([3, Number.NaN]);
  });
});

test("of several crossings in a step the first is found", async () => {
  // The state is a straight line, whose steps grow tenfold: the longest would pass many periods.
  const program = compile(
    ({ period, shift }) => {
      const when = (y: Tensor) =>
        y
          .at(0)
          .sub(shift)
          .div(period)
          .mul(2 * Math.PI)
          .sin();
      return ode.integrate((y) => y.mul(0).add(1), float64([0]), [0, 1e4], {
        event: { when },
        maxStep: 2,
      }) as never as {
        [name: string]: Tensor;
      };
    },
    { period: size(), shift: size() },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 1, max: 50, noNaN: true }),
      fc.double({ min: 0.01, max: 0.49, noNaN: true }),
      async (period, part) => {
        const r = await program.run({ period: [period], shift: [period * part] });
        expect(r.t.item()).toBeCloseTo(period * part, 8);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test("a function that is no number ends the solution, and says so", async () => {
  const s = ode.integrate((y) => y.mul(0).add(1), float64([0]), [0, 3], {
    event: { when: (y) => y.at(0).neg().add(1.5).sqrt().add(1) },
  });
  const { status, t } = await compile(() => ({ ...s })).run();
  const told = ode.outcome({ status: status.item(), t: t.item() });
  expect([told.ok, told.reason]).toEqual([false, "event not finite"]);
  expect(told.message).toMatch(/the event's function is no number \(NaN\) shortly before t = /);
});

test("in float32 too", async () => {
  for (const [name, { when, smooth }] of Object.entries(kinds)) {
    // A millionth of its width is below what float32 tells apart: there it is a jump.
    if (name === "steep") continue;
    const k = tensor(0.7);
    const cast = (y: Tensor, level: Tensor) => {
      const found = when(y.cast(dtype), level);
      return found.dtype === "bool" ? found : found.cast("float32");
    };
    const y0 = tensor([2]);
    const s = ode.integrate((y) => y.mul(k).neg(), y0, [0, 9], {
      event: { when: (y) => cast(y.at(0), float64(0.5)) },
      rtol: 1e-6,
    });
    const r = await compile(() => ({ t: s.t, g: grad(s.t, y0) })).run();
    expect(r.t.item()).toBeCloseTo(Math.log(4) / 0.7, 4);
    expect(r.g.item()).toBeCloseTo(smooth ? 1 / (0.7 * 2) : 0, 3);
  }
});

describe("SciPy finds the same", () => {
  const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode_events.json", import.meta.url), "utf8"));
  const laws: Record<string, { rate: (y: Tensor) => Tensor; when: (y: Tensor, t: Tensor) => Tensor }> = {
    "van der Pol": {
      rate: (y) => stack([y.at(1), y.at(0).square().neg().add(1).mul(y.at(1)).mul(2).sub(y.at(0))]),
      when: (y) => y.at(0),
    },
    Lorenz: {
      rate: (u) => {
        const [x, y, z] = [u.at(0), u.at(1), u.at(2)];
        return stack([y.sub(x).mul(10), x.mul(z.neg().add(28)).sub(y), x.mul(y).sub(z.mul(8 / 3))]);
      },
      when: (y) => y.at(2).sub(27),
    },
    "thrown with drag": {
      rate: (y) => {
        const v = y.slice(2, 4);
        const drag = v.mul(v.square().sum().sqrt()).mul(-0.1);
        return stack([y.at(2), y.at(3), drag.at(0), drag.at(1).sub(9.81)]);
      },
      when: (y, t) => y.at(1).sub(t.mul(0.3)),
    },
  };
  test.each(fixture.cases as { name: string; y0: number[]; end: number; direction: number; t: number; y: number[] }[])(
    "$name, $direction",
    async ({ name, y0, end, direction, t, y }) => {
      const { rate, when } = laws[name];
      const event = { when, direction: direction > 0 ? "rising" : "falling" } as const;
      const s = ode.integrate(rate, float64(y0), [0, end], { rtol: 1e-11, atol: 1e-12, method: ode.dopri8, event });
      const r = await compile(() => ({ t: s.t, y: s.y })).run();
      expect(r.t.item()).toBeCloseTo(t, 8);
      y.forEach((x, i) => expect(r.y.data[i]).toBeCloseTo(x, 7));
    },
  );
});
