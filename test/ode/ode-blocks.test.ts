import * as fc from "fast-check";
import { compile, grad, hvp, jvp, type Outputs, ode, parameter, scan, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { loadNative, native } from "../../src/backends/native/index.ts";
import type { Node } from "../../src/graph/node.ts";
import { topological } from "../../src/graph/walk.ts";
import { resultsOf } from "../support/shared-work.ts";

const dtype = "float64" as const;
const float64 = (shape: readonly number[], f: (i: number) => number) =>
  tensor(
    Array.from({ length: shape.reduce((n, x) => n * x, 1) }, (_, i) => f(i)),
    { dtype },
  ).reshape([...shape]);

/** How many blocks a solution is made in. */
function blocksOf(x: Tensor, loop: "while" | "scan" = "while"): number {
  const scans = topological([x.node]).filter((n): n is Node<"scan"> => n.is("scan") && n.attrs.carry.length === 0);
  return scans.find((n) => topological(n.attrs.ys).some((inner) => inner.is(loop)))?.attrs.length ?? 1;
}

/** A pendulum of its own length and damping each, pushed by all alike; along the first axis or the last. */
interface Pendulums {
  readonly y0: Tensor;
  readonly length: Tensor;
  readonly damping: Tensor;
  readonly push: Tensor;
  readonly times: Tensor;
  readonly batch: 0 | 1;
}

function pendulums(size: number, batch: 0 | 1, wanted: number, own: boolean): Pendulums {
  const times = own
    ? float64([wanted, size], (i) => Math.floor(i / size) * (0.2 + 0.01 * ((i % size) % 7)))
    : float64([wanted], (i) => 0.3 * i);
  return {
    y0: float64(batch === 0 ? [size, 2] : [2, size], (i) => Math.sin(3 * i + 1)),
    length: float64([size], (i) => 1.5 + Math.sin(i)),
    damping: float64(batch === 0 ? [size, 1] : [1, size], (i) => 0.1 + 0.05 * Math.cos(i)),
    push: float64([1], () => 0.3),
    times,
    batch,
  };
}

function swing(p: Pendulums, options: ode.SolveOptions = {}): ode.Solution {
  const { batch } = p;
  const part = (y: Tensor, i: number) => (batch === 0 ? y.slice(i, i + 1, 1) : y.slice(i, i + 1));
  const lengths = batch === 0 ? p.length.unsqueeze(1) : p.length;
  const rate = (y: Tensor, t: Tensor) => {
    const back = part(y, 0).sin().div(lengths).add(part(y, 1).mul(p.damping)).neg();
    const both = [part(y, 1), back.add(t.mul(3).sin().mul(p.push))];
    return stack(both, 0)
      .permute(batch === 0 ? [1, 0, 2] : [0, 1, 2])
      .reshape(y.shape);
  };
  return ode.integrate(rate, p.y0, p.times, { rtol: 1e-7, batch, ...options });
}

/** What two solutions came to. */
async function numbersOf({ whole, part }: { readonly whole: ode.Solution; readonly part: ode.Solution }) {
  const names = Object.keys(whole) as (keyof ode.Solution)[];
  const r = await compile(() =>
    Object.fromEntries(
      names.flatMap((n) => [
        [n, whole[n]],
        [`part ${n}`, part[n]],
      ]),
    ),
  ).run();
  type Numbers = Record<
    keyof ode.Solution,
    { readonly data: Iterable<number> & ArrayLike<number>; readonly shape: readonly number[] }
  >;
  const chosen = (prefix: string) => Object.fromEntries(names.map((n) => [n, r[prefix + n]])) as unknown as Numbers;
  return { whole: chosen(""), part: chosen("part ") };
}

/** Some of them, few enough to be no batch that is cut. */
function some(p: Pendulums, from: number, to: number): Pendulums {
  const own = p.times.rank === 2;
  return {
    ...p,
    y0: p.y0.slice(from, to, p.batch),
    length: p.length.slice(from, to),
    damping: p.damping.slice(from, to, p.batch),
    times: own ? p.times.slice(from, to, 1) : p.times,
  };
}

/** Entries [from, to) of an axis. */
function entries(data: ArrayLike<number>, shape: readonly number[], axis: number, from: number, to: number): number[] {
  const after = shape.slice(axis + 1).reduce((n, x) => n * x, 1);
  return Array.from(data).filter((_, i) => {
    const at = Math.floor(i / after) % shape[axis];
    return at >= from && at < to;
  });
}

const close = (a: readonly number[], b: readonly number[], tolerance: number) => {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    if (Number.isNaN(b[i])) expect(x).toBeNaN();
    else expect(Math.abs(x - b[i])).toBeLessThanOrEqual(tolerance * (1e-3 + Math.abs(b[i])));
  });
};

describe("trajectories in blocks are what they are in small batches", () => {
  test("to the last bit where they lie along the last axis, else but for rounding", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 128, max: 300 }),
        fc.constantFrom(0 as const, 1 as const),
        fc.integer({ min: 2, max: 5 }),
        fc.boolean(),
        fc.constantFrom(ode.tsit5, ode.bosh3),
        async (size, batch, wanted, own, method) => {
          const all = pendulums(size, batch, wanted, own);
          const options = { method, maxSteps: 600 };
          const whole = swing(all, options);
          expect(blocksOf(whole.y)).toBeGreaterThan(1);
          const [from, to] = [size - 40, size];
          const part = swing(some(all, from, to), options);
          expect(blocksOf(part.y)).toBe(1);
          const r = await numbersOf({ whole, part });
          for (const name of Object.keys(whole) as (keyof ode.Solution)[]) {
            const axis = name === "path" ? batch + 1 : name === "y" ? batch : 0;
            const here = entries(r.whole[name].data, r.whole[name].shape, axis, from, to);
            const there = Array.from(r.part[name].data);
            if (batch === 1) expect(here).toEqual(there);
            else close(here, there, 1e-9);
          }
        },
      ),
      { numRuns: 4, seed: 3 },
    );
  });

  test("with falling times, a first step, a tolerance of their own, and steps that run out", async () => {
    const size = 150;
    const all = { ...pendulums(size, 1, 3, false), times: float64([3], (i) => 2 - i) };
    const atol = float64([1, size], (i) => 10 ** -(3 + (i % 6)));
    const solved = (p: Pendulums, own: Tensor) => swing(p, { atol: own, firstStep: 0.01, maxSteps: 12 });
    const whole = solved(all, atol);
    const part = solved(some(all, 60, 100), atol.slice(60, 100, 1));
    const r = await numbersOf({ whole, part });
    expect(blocksOf(whole.y)).toBe(3);
    expect(new Set(r.whole.status.data)).toEqual(new Set([1, 3]));
    for (const name of ["y", "status", "steps", "t"] as const) {
      const { data, shape } = r.whole[name];
      expect(entries(data, shape, shape.length - 1, 60, 100)).toEqual(Array.from(r.part[name].data));
    }
  });

  test.each([true, false])("in fixed steps too, with times of their own: %s", async (own) => {
    const all = pendulums(140, 1, 4, own);
    const options = { method: ode.rk4, substeps: 3, rtol: undefined };
    const [whole, part] = [swing(all, options), swing(some(all, 60, 100), options)];
    expect(blocksOf(whole.path, "scan")).toBe(3);
    const r = await numbersOf({ whole, part });
    expect(entries(r.whole.path.data, r.whole.path.shape, 2, 60, 100)).toEqual(Array.from(r.part.path.data));
    expect(new Set(r.whole.status.data)).toEqual(new Set([1]));
  });

  test("and each has its own fate", async () => {
    const y0 = float64([200], (i) => [0.1, 1, -1, Number.NaN][i % 4]);
    const s = ode.integrate((y) => y.square(), y0, [0, 1, 2], { batch: 0 });
    const { status, path } = await compile(() => ({ ...s })).run();
    expect(blocksOf(s.y)).toBeGreaterThan(1);
    expect(Array.from(status.data)).toEqual(Array.from({ length: 200 }, (_, i) => [1, 4, 1, 5][i % 4]));
    expect(path.data[400 + 196]).toBeCloseTo(1 / (10 - 2), 5);
    expect(path.data[400 + 197]).toBeNaN();
  });

  test("and as many wanted times as trajectories are times for all", async () => {
    const size = 130;
    const times = float64([size], (i) => i / size);
    const s = ode.integrate(
      (y) => y.neg(),
      float64([size], (i) => 1 + i),
      times,
      { batch: 0 },
    );
    const { path } = await compile(() => ({ path: s.path })).run();
    expect(blocksOf(s.y)).toBeGreaterThan(1);
    for (const [i, k] of [
      [3, 7],
      [129, 129],
    ])
      expect(path.data[i * size + k]).toBeCloseTo((1 + k) * Math.exp(-i / size), 3);
  });

  test("in large states, of which few fill the cache", async () => {
    const [size, n] = [160, 400];
    const y0 = float64([n, size], (i) => Math.sin(i));
    const rate = (y: Tensor) => y.flip(0).sub(y);
    const solved = (start: Tensor) => ode.integrate(rate, start, [0, 1], { batch: 1 }).y;
    const [whole, part] = [solved(y0), solved(y0.slice(100, 120, 1))];
    const r = await compile(() => ({ whole, part })).run();
    expect(blocksOf(whole)).toBeGreaterThan(10);
    close(entries(r.whole.data, r.whole.shape, 1, 100, 120), Array.from(r.part.data), 1e-12);
  });
});

describe("gradients", () => {
  const [size, half] = [128, 64];
  const losses = (p: Pendulums, options: ode.SolveOptions) => swing(p, options).path.square().sum();
  const knobs = ["y0", "length", "damping", "push", "times"] as const;

  test.each<[string, 0 | 1, boolean, ode.SolveOptions]>([
    ["through all steps", 1, true, {}],
    ["through all steps, trajectories first", 0, false, {}],
    ["with checkpoints", 1, false, { adjoint: ode.direct({ checkpoints: 6 }) }],
  ])("%s are those of its halves", async (_, batch, own, given) => {
    const all = pendulums(size, batch, 3, own);
    const options = { maxSteps: 60, ...given };
    const loss = losses(all, options);
    expect(blocksOf(loss)).toBe(2);
    const halves = losses(some(all, 0, half), options).add(losses(some(all, half, size), options));
    const wrt = knobs.map((name) => all[name]);
    const [whole, apart] = [loss, halves].map((x) => grad(x, wrt));
    const r = await compile(() => ({ ...named("a", whole), ...named("b", apart) })).run();
    wrt.forEach((_, i) => close(Array.from(r[`a${i}`].data), Array.from(r[`b${i}`].data), 1e-9));
  });

  test("second derivatives are those of its halves", async () => {
    const all = pendulums(size, 1, 2, false);
    const options = { maxSteps: 40 };
    const direction = float64([size], (i) => Math.cos(i));
    const halves = losses(some(all, 0, half), options).add(losses(some(all, half, size), options));
    const [a, b] = [losses(all, options), halves].map((loss) => hvp(loss, all.length, direction));
    const r = await compile(() => ({ a, b })).run();
    close(Array.from(r.a.data), Array.from(r.b.data), 1e-8);
  });

  test("forward mode gives the same, and both what a difference gives", async () => {
    const all = pendulums(size, 1, 2, false);
    const loss = (p: Pendulums) => swing(p).y.square().sum();
    const step = 1e-4;
    const moved = (by: number) => loss({ ...all, push: all.push.add(by) });
    const here = loss(all);
    const [back, forth] = [
      grad(here, all.push),
      jvp(
        here,
        all.push,
        float64([1], () => 1),
      ),
    ];
    const r = await compile(() => ({ back, forth, up: moved(step), down: moved(-step) })).run();
    expect(r.back.data[0] / r.forth.item()).toBeCloseTo(1, 9);
    expect(r.forth.item() / ((r.up.item() - r.down.item()) / (2 * step))).toBeCloseTo(1, 5);
  });
});

test("symplectic methods take a batch whole", async () => {
  const start = float64([2, 130], (i) => (i < 130 ? 1 + i / 130 : 0));
  const pulled = ode.secondOrder((q) => q.neg());
  const { path } = ode.integrate(pulled, start, [0, 1], { method: ode.yoshida4, substeps: 50, batch: 1 });
  const r = await compile(() => ({ path })).run();
  expect(r.path.data[260 + 64]).toBeCloseTo((1 + 64 / 130) * Math.cos(1), 6);
});

test("a batch is left whole where the rate does something that cannot be cut, and where it is small", async () => {
  const y0 = float64([2, 128], (i) => Math.sin(i));
  const plain = (y: Tensor) => y.neg();
  const looping = (y: Tensor) => scan({ y }, (c) => ({ carry: { y: c.y.mul(-1) } }), { length: 3 }).carry.y;
  const solved = (rate: (y: Tensor) => Tensor, start: Tensor) => ode.integrate(rate, start, [0, 1], { batch: 1 }).y;
  expect(blocksOf(solved(plain, y0))).toBe(2);
  expect(blocksOf(solved(plain, y0.slice(0, 127, 1)))).toBe(1);
  expect(blocksOf(solved(looping, y0))).toBe(1);
  const r = await compile(() => ({ a: solved(plain, y0), b: solved(looping, y0) })).run();
  expect(r.b.data).toEqual(r.a.data);
});

test.skipIf(native.unavailable() !== undefined)("any number of threads gives the same, to the last bit", async () => {
  const all = pendulums(500, 1, 3, false);
  const w = parameter([500], 1, { dtype });
  const loss = swing({ ...all, length: all.length.mul(w) }, { maxSteps: 60 });
  const outputs: Outputs = { path: loss.path, steps: loss.steps, g: grad(loss.path.square().sum(), w) };
  const { graph } = compile(() => outputs);
  const [alone, ...others] = await Promise.all(
    [1, 2, 3].map(async (threads) => resultsOf(await loadNative(graph, undefined, threads))),
  );
  for (const result of others) expect(result).toEqual(alone);
});

const named = (prefix: string, all: readonly Tensor[]) => Object.fromEntries(all.map((x, i) => [`${prefix}${i}`, x]));
