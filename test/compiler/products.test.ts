import { compile, einsum, grad, parameter, parameterOf, repeat, type Tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

/** Small whole numbers: every sum is exact, in whatever order it is made, so that each result has one right value. */
const whole = (length: number, seed: number) => Float64Array.from({ length }, (_, i) => ((i * 7919 + seed) % 11) - 5);

/** c[i, j] = sum over k of a(i, k) b(k, j), plainly. */
function product(
  m: number,
  k: number,
  n: number,
  a: (i: number, p: number) => number,
  b: (p: number, j: number) => number,
) {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) c[i * n + j] += a(i, p) * b(p, j);
  }
  return c;
}

/** Small, just beyond a tile, and large enough to be packed, in panels that divide the columns and that do not. */
const shapes = [
  [9, 5, 33],
  [64, 40, 70],
  [49, 1030, 44],
  [96, 700, 128],
  [300, 600, 100],
] as const;

onEveryBackend((backend) => {
  for (const dtype of ["float32", "float64"] as const) {
    test.each(shapes)(`${dtype}: products of %i x %i x %i, as they lie and transposed`, async (m, k, n) => {
      const [a, b] = [whole(m * k, 1), whole(k * n, 3)];
      const program = compile(
        ({ a, b, at, bt }) => ({
          plain: a.matmul(b).mul(2).add(1),
          left: at.T.matmul(b),
          right: a.matmul(bt.T),
          both: at.T.matmul(bt.T),
        }),
        {
          a: { shape: [m, k], dtype },
          b: { shape: [k, n], dtype },
          at: { shape: [k, m], dtype },
          bt: { shape: [n, k], dtype },
        },
        { backend },
      );
      const turned = (x: Float64Array, rows: number, columns: number) =>
        x.map((_, i) => x[(i % rows) * columns + Math.floor(i / rows)]);
      const got = await program.run({ a, b, at: turned(a, m, k), bt: turned(b, k, n) });
      const c = product(
        m,
        k,
        n,
        (i, p) => a[i * k + p],
        (p, j) => b[p * n + j],
      );
      expect(Float64Array.from(got.plain.data)).toEqual(c.map((x) => 2 * x + 1));
      for (const name of ["left", "right", "both"] as const) expect(Float64Array.from(got[name].data)).toEqual(c);
    });
  }

  // What the epilogue reads is large, so that its rows are asked for while the sum runs: the sum is cut for that.
  test.each([
    [96, 128],
    [90, 120],
    [97, 131],
  ])("an update of a large array, %i x 3000, by a product of %i samples", async (m, k) => {
    const n = 3000;
    const [a, b, c] = [whole(k * m, 1), whole(k * n, 3), whole(m * n, 5)];
    const slot = parameter([m, n], 0);
    parameterOf(slot)!.write(c);
    const value = ({ a, b }: Readonly<Record<"a" | "b", Tensor>>) => slot.sub(a.T.matmul(b).mul(0.5));
    const program = compile(
      (x) => ({ updates: [{ parameter: parameterOf(slot)!, value: value(x as never) }] }),
      {
        a: [k, m],
        b: [k, n],
      },
      { backend },
    );
    await program.run({ a, b });
    const sums = product(
      m,
      k,
      n,
      (i, p) => a[p * m + i],
      (p, j) => b[p * n + j],
    );
    expect(Float64Array.from(parameterOf(slot)!.read())).toEqual(c.map((x, i) => x - 0.5 * sums[i]));
  });

  // No operand lies along the result's last axis, and several vectors of it make a tile: squares of them are turned over.
  test.each([
    [3, 4, 5],
    [3, 8, 8],
    [5, 16, 12],
    [4, 34, 17],
    [2, 64, 16],
  ])("float64 and float32: both operands across the last axis, %i x %i x %i", async (a, b, c) => {
    for (const dtype of ["float64", "float32"] as const) {
      const x = whole(a * b * c, 7);
      const program = compile(
        ({ x }) => ({ y: einsum("abc,abk->kcb", x, x) }),
        { x: { shape: [a, b, c], dtype } },
        { backend },
      );
      const { y } = await program.run({ x });
      const expected = Float64Array.from({ length: c * c * b }, (_, i) => {
        const [k, j, at] = [Math.floor(i / (c * b)), Math.floor(i / b) % c, i % b];
        let sum = 0;
        for (let p = 0; p < a; p++) sum += x[(p * b + at) * c + j] * x[(p * b + at) * c + k];
        return sum;
      });
      expect(Float64Array.from(y.data)).toEqual(expected);
    }
  });

  test("a packed operand that the loop around it changes is packed anew in every iteration", async () => {
    const [m, n] = [50, 600];
    const w = parameter([n, n], 0, { dtype: "float64" });
    const [home, start] = [parameterOf(w)!, whole(n * n, 5)];
    home.write(start);
    const x = whole(m * n, 2);
    const program = compile(
      ({ x, count }) => {
        // The gradient of a sum of x w is the sum of x over rows, in every column.
        const loss = x.matmul(w.T).sum();
        const many = repeat({ outputs: { loss }, updates: [{ parameter: home, value: w.sub(grad(loss, w)) }] }, count);
        return { loss: many.outputs.loss, updates: many.updates };
      },
      { x: { shape: [m, n], dtype: "float64" }, count: { shape: [], dtype: "int32" } },
      { backend },
    );
    const { loss } = await program.run({ x, count: 3 });
    const sums = Array.from({ length: n }, (_, p) => {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += x[i * n + p];
      return sum;
    });
    // The loss before the third step: w has lost the gradient twice.
    let expected = 0;
    for (let j = 0; j < n; j++) for (let p = 0; p < n; p++) expected += sums[p] * (start[j * n + p] - 2 * sums[p]);
    expect(loss.item()).toBe(expected);
    expect(home.read()[1]).toBe(start[1] - 3 * sums[1]);
  });
});
