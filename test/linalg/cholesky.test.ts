import { readFileSync } from "node:fs";
import fc from "fast-check";
import { compile, grad, jvp, linalg, type Tensor, tensor, vmap } from "pondus";
import { expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

type Numbers = readonly number[];
interface Case {
  readonly n: number;
  readonly k: number;
  readonly a: Numbers;
  readonly b: Numbers;
  readonly w: Numbers;
  readonly v: Numbers;
  readonly root: Numbers;
  readonly rootGradient: Numbers;
  readonly solution: Numbers;
  readonly solves: readonly {
    readonly lower: boolean;
    readonly trans: boolean;
    readonly unitDiagonal: boolean;
    readonly a: Numbers;
    readonly x: Numbers;
    readonly ga: Numbers;
    readonly gb: Numbers;
  }[];
}
const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("../fixtures/linalg.json", import.meta.url), "utf8"),
);
const array = (data: Numbers, ...shape: number[]) => tensor(Float64Array.from(data), { shape });
const transposed = (x: Tensor) => x.transpose(-1, -2);

/** Numbers in [-1, 1) that depend on the seed alone. */
function numbers(seed: number, count: number): Float64Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A symmetric positive definite matrix with eigenvalues from 10^-decades to 1: reflections of a diagonal. */
function definite(seed: number, n: number, decades: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = 10 ** (-decades * (n > 1 ? i / (n - 1) : 0));
  for (let r = 0; r < 3; r++) {
    const v = numbers(seed + r, n);
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (const [along, across] of [
      [1, n],
      [n, 1],
    ]) {
      for (let i = 0; i < n; i++) {
        let dot = 0;
        for (let k = 0; k < n; k++) dot += v[k] * a[i * across + k * along];
        for (let k = 0; k < n; k++) a[i * across + k * along] -= (2 * dot * v[k]) / square;
      }
    }
  }
  return a;
}

onEveryBackend((backend) => {
  test("factors, solves and gradients are those of JAX", async () => {
    for (const { n, k, ...c } of cases) {
      const [a, b, w, v] = [array(c.a, n, n), array(c.b, n, k), array(c.w, n, n), array(c.v, n, k)];
      const root = linalg.cholesky(a);
      const outputs: { [name: string]: Tensor } = {
        root,
        rootGradient: grad(root.mul(w).sum(), a),
        solution: linalg.choSolve(root, b),
      };
      const wanted: { [name: string]: Numbers } = { root: c.root, rootGradient: c.rootGradient, solution: c.solution };
      c.solves.forEach((solve, i) => {
        const t = array(solve.a, n, n);
        const x = linalg.solveTriangular(t, b, solve);
        const [ga, gb] = grad(x.mul(v).sum(), [t, b]);
        for (const [name, y] of Object.entries({ x, ga, gb })) {
          outputs[name + i] = y;
          wanted[name + i] = solve[name as "x" | "ga" | "gb"];
        }
      });
      const got = await compile(() => outputs, {}, { backend }).run();
      for (const name of Object.keys(outputs)) expect(difference(got[name], wanted[name]), name).toBeUndefined();
    }
  });

  test("matrices of several tiles, in batches", async () => {
    for (const dtype of ["float32", "float64"] as const) {
      const n = 70;
      const program = compile(
        ({ a, b }) => {
          const l = linalg.cholesky(a);
          const x = linalg.choSolve(l, b);
          return { l, upper: l.triu(1), left: l.matmul(transposed(l)).sub(a), right: a.matmul(x).sub(b), x };
        },
        { a: { shape: [2, n, n], dtype }, b: { shape: [n, 3], dtype } },
        { backend },
      );
      const a = [...definite(3, n, 2), ...definite(4, n, 1)];
      const got = await program.run({ a, b: [...numbers(5, 3 * n)] });
      const rounding = dtype === "float32" ? 6e-8 : 1.2e-16;
      const largest = (x: ArrayLike<number>) => Array.from(x).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      expect(largest(got.upper.data)).toBe(0);
      expect(largest(got.left.data)).toBeLessThan(n * rounding);
      expect(largest(got.right.data)).toBeLessThan(n * rounding * Math.max(1, largest(got.x.data)));
    }
  });

  test("what is not positive definite gives NaN, and no rows give none", async () => {
    const got = await compile(
      () => ({
        bent: linalg.cholesky(array([1, 2, 2, 1], 2, 2)),
        flat: linalg.cholesky(array([1, 1, 1, 1], 2, 2)),
        none: linalg.cholesky(array([], 0, 0)),
        solved: linalg.solveTriangular(array([], 0, 0), array([], 0, 3)),
        one: linalg.choSolve(linalg.cholesky(array([4], 1, 1)), array([8], 1)),
      }),
      {},
      { backend },
    ).run();
    for (const { data } of [got.bent, got.flat]) expect([...data]).toEqual([Number.NaN, 0, Number.NaN, Number.NaN]);
    expect([got.none.shape, got.solved.shape]).toEqual([
      [0, 0],
      [0, 3],
    ]);
    expect([...got.one.data]).toEqual([2]);
  });
});

test("residuals are those of rounding, however ill-conditioned the matrix", async () => {
  for (const n of [1, 6, 33, 130]) {
    const program = compile(
      ({ a, b }) => {
        const l = linalg.cholesky(a);
        const y = linalg.solveTriangular(l, b, { lower: true });
        const size = l.abs().matmul(y.abs()).add(b.abs());
        return { root: l.matmul(transposed(l)).sub(a).abs().max(), solve: l.matmul(y).sub(b).abs().div(size).max() };
      },
      { a: { shape: [n, n], dtype: "float64" }, b: { shape: [n, 2], dtype: "float64" } },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 20 }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        async (seed, decades) => {
          const { root, solve } = await program.run({ a: definite(seed, n, decades), b: numbers(seed + 9, 2 * n) });
          expect(root.item()).toBeLessThan(4 * (n + 4) * 1.2e-16);
          expect(solve.item()).toBeLessThan(4 * (n + 4) * 1.2e-16);
        },
      ),
      { numRuns: 20 },
    );
  }
});

test("derivatives of matrices of several tiles, of second order, and under vmap", async () => {
  const value = (a: Tensor, b: Tensor) => linalg.choSolve(linalg.cholesky(a), b).square().sum();
  const types = (n: number) => ({ a: [n, n], b: [n, 2], v: [n, n] });
  for (const [n, backend] of [
    [70, "wasm"],
    [4, "reference"],
  ] as const) {
    const shapes = Object.entries(types(n)).map(([name, shape]) => [name, { shape, dtype: "float64" }] as const);
    const inputs = Object.fromEntries(shapes) as { [K in "a" | "b" | "v"]: { shape: number[]; dtype: "float64" } };
    const program = compile(
      ({ a, b, v }) => {
        const slope = grad(value(a, b), a).mul(v).sum();
        const again = n > 10 ? slope : grad(slope, a).mul(v).sum();
        const each = vmap((x: Tensor) => grad(value(a, x.unsqueeze(1)), a))(transposed(b));
        return {
          value: value(a, b),
          slope,
          again,
          forward: jvp(value(a, b), [a], [v]),
          each: each.sum(0).mul(v).sum(),
        };
      },
      inputs,
      { backend },
    );
    const [a, b, v] = [definite(7, n, 1), numbers(8, 2 * n), numbers(9, n * n)];
    const at = (h: number) => program.run({ a: a.map((x, i) => x + h * v[i]), b, v });
    const h = 1e-5;
    const [here, more, less] = [await at(0), await at(h), await at(-h)];
    const slope = (more.value.item() - less.value.item()) / (2 * h);
    const close = (x: number) => expect.closeTo(x, 5 - Math.ceil(Math.log10(Math.abs(x))));
    expect(here.slope.item()).toEqual(close(slope));
    expect(here.forward.item()).toEqual(close(here.slope.item()));
    expect(here.each.item()).toEqual(close(here.slope.item()));
    if (n < 10) expect(here.again.item()).toEqual(close((more.slope.item() - less.slope.item()) / (2 * h)));
  }
});

test("shapes and element types that do not fit are errors", () => {
  const square = array([1, 0, 0, 1], 2, 2);
  const refuses = (code: string, f: () => unknown) => expect(f).toThrow(expect.objectContaining({ code }));
  refuses("linalg.shape", () => linalg.cholesky(array([1, 2], 1, 2)));
  refuses("linalg.shape", () => linalg.cholesky(array([1, 2], 2)));
  refuses("dtype.unsuitable", () => linalg.cholesky(tensor([[1]], { dtype: "int32" })));
  refuses("linalg.shape", () => linalg.choSolve(square, array([1, 2, 3], 3)));
  refuses("linalg.shape", () => linalg.solveTriangular(square, tensor(1, { dtype: "float64" })));
  refuses("dtype.mixed", () => linalg.solveTriangular(square, tensor([1, 2])));
});
