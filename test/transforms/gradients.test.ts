import { compile, grad, jvp, parameter, scan, type Tensor, tensor, vjp } from "pondus";
import { describe, expect, test } from "vitest";
import { ops } from "../../src/graph/ops.ts";
import { checkDerivatives } from "./gradients/check.ts";
import { exempt, opCases } from "./gradients/op-cases.ts";

describe.each(Object.entries(opCases))("%s", (_, cases) => {
  test.each(cases)("$name", async (c) => {
    for (const seed of [1, 2]) await checkDerivatives(c, seed);
  });
});

test("every op of the table is tested, or exempt for a reason", () => {
  const tested = Object.entries(opCases).filter(([, cases]) => cases.length > 0);
  expect([...tested.map(([op]) => op), ...Object.keys(exempt)].sort()).toEqual(Object.keys(ops).sort());
});

/** Runs `f` on float64 vectors. */
async function evaluate(f: (x: Tensor, y: Tensor) => Tensor, x: number[], y: number[] = [0]): Promise<number[]> {
  const type = (v: number[]) => ({ shape: [v.length], dtype: "float64" as const });
  const program = compile(
    (given) => ({ out: f(given.x, given.y) }),
    { x: type(x), y: type(y) },
    { backend: "reference" },
  );
  return [...(await program.run({ x, y })).out.data];
}

describe("conventions", () => {
  test("gradients stop at stopGradient, forwards and backwards", async () => {
    const f = (x: Tensor) => x.stopGradient().mul(x).sum();
    expect(await evaluate((x) => grad(f(x), x), [2, 3])).toEqual([2, 3]);
    expect(await evaluate((x) => jvp(f(x), x, x), [2, 3])).toEqual([13]);
  });

  test("equal elements share the gradient of a maximum", async () => {
    expect(await evaluate((x) => grad(x.max(), x), [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(await evaluate((x) => grad(x.min(), x), [1, 1, 3, 1])).toEqual([1 / 3, 1 / 3, 0, 1 / 3]);
    expect(await evaluate((x, y) => grad(x.maximum(y).sum(), x), [1, 2, 3], [2, 2, 2])).toEqual([0, 0.5, 1]);
    expect(await evaluate((x, y) => grad(x.minimum(y).sum(), y), [1, 2, 3], [2, 2, 2])).toEqual([0, 0.5, 1]);
  });

  test("at their kinks abs and sign have slope 0", async () => {
    expect(await evaluate((x) => grad(x.abs().sum(), x), [-2, 0, 2])).toEqual([-1, 0, 1]);
  });

  test("powers at 0: x^0 is flat, 0^y has no slope in y, no NaN appears", async () => {
    expect(await evaluate((x) => grad(x.pow(0).sum(), x), [0, 2])).toEqual([0, 0]);
    expect(await evaluate((x, y) => grad(x.pow(y).sum(), x), [0, 0, 0], [0, 1, 2])).toEqual([0, 1, 0]);
    expect(await evaluate((x, y) => grad(x.pow(y).sum(), y), [0, 0, 2], [0, 1, 0])).toEqual([0, 0, Math.LN2]);
  });

  test("what the loss does not depend on has gradient zero, of its own shape", async () => {
    expect(await evaluate((x, y) => grad(x.sum(), y), [1], [1, 2, 3])).toEqual([0, 0, 0]);
    expect(await evaluate((x, y) => jvp(x, y, y), [1, 2], [3])).toEqual([0, 0]);
  });

  test("a derivative with respect to an intermediate value", async () => {
    expect(
      await evaluate(
        (x) => {
          const y = x.square();
          return grad(y.mul(x).sum(), y);
        },
        [2, 3],
      ),
    ).toEqual([2, 3]);
  });

  test("records and lists come back in their own form", () => {
    const [a, b] = [parameter([2], 1), parameter([3], 1)];
    const loss = a.sum().mul(b.square().sum());
    expect(Object.keys(grad(loss, { b, a }))).toEqual(["b", "a"]);
    expect(grad(loss, [a, b]).map((g) => g.shape)).toEqual([[2], [3]]);
    expect(grad(loss, b).shape).toEqual([3]);
    expect(vjp({ p: a, q: b }, { p: a, q: b }, [a])[0].shape).toEqual([2]);
    expect(jvp([a, b], a, a).map((y) => y.shape)).toEqual([[2], [3]]);
  });

  test("a tied parameter gets the sum of its gradients", async () => {
    const w = parameter([2], [3, 5], { dtype: "float64" });
    expect(await evaluate((x) => grad(w.mul(x).sum().add(w.mul(w).sum()), w), [10, 20])).toEqual([16, 30]);
  });

  test("a gradient costs one loop forwards and one backwards, with nothing computed twice", () => {
    const x = tensor([1, 2, 3], { dtype: "float64" });
    const w = parameter([], 0.5, { dtype: "float64" });
    const { carry } = scan({ h: w }, (c, e) => ({ carry: { h: c.h.mul(w).add(e.x).tanh() } }), { xs: { x } });
    const backward = grad(carry.h, w).node;
    const scans = new Set<unknown>();
    const visit = (node: typeof backward): void => {
      if (node.is("scan")) scans.add(node);
      node.inputs.forEach(visit);
    };
    visit(backward);
    expect(scans.size).toBe(2);
  });
});
