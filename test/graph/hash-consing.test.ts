import {
  arange,
  compile,
  einsum,
  eye,
  full,
  grad,
  ones,
  parameter,
  parameterOf,
  scan,
  type Tensor,
  tensor,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { close } from "../../src/graph/body.ts";
import { make } from "../../src/graph/make.ts";
import type { Node } from "../../src/graph/node.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { dependents, rewrite, substitute, topological, withInputs } from "../../src/graph/walk.ts";

const input = (name: string, shape: number[] = [2, 3]) => make("input", [], { name, shape, dtype: "float32" });
const add = (a: Node, b: Node) => make("add", [a, b], {});

describe("equal expressions are one object", () => {
  const x = parameter([2, 3], 1);
  const same: readonly (readonly [string, () => Tensor])[] = [
    ["arithmetic", () => x.mul(2).add(x).tanh()],
    ["reductions", () => x.sum([0, 1]).add(x.max())],
    ["axes named from either end, in any order", () => x.sum([-1, 0])],
    ["movements", () => x.T.reshape([6]).slice(1, 4).padAxis(1, 0, 0).flip()],
    ["contractions", () => x.matmul(x.T)],
    ["literals and iota", () => zeros([3], "int32").add(arange(3)).cast("float32").mul(2)],
    ["gradients", () => grad(x.square().sum(), x)],
  ];
  test.each(same)("%s", (_, f) => {
    expect(f().node).toBe(f().node);
  });

  test("axes in another order, a matmul as an einsum", () => {
    expect(x.sum([1, 0]).node).toBe(x.sum().node);
    expect(einsum("ij,kj->ik", x, x).node).toBe(einsum("pq,rq->pr", x, x).node);
  });

  test("what changes nothing is the tensor itself", () => {
    expect(x.reshape([2, 3]).node).toBe(x.node);
    expect(x.expand([2, 3]).node).toBe(x.node);
    expect(x.cast("float32").node).toBe(x.node);
    expect(x.sum([]).node).toBe(x.node);
  });

  test("unequal ones are not: values, signs of zero, types, shapes, attributes, order", () => {
    const all = [
      tensor(0),
      tensor(-0),
      tensor(1),
      tensor(Number.NaN),
      tensor(0, { dtype: "float64" }),
      tensor(0, { dtype: "int32" }),
      zeros([1]),
      zeros([2]),
      x.sum(0),
      x.sum(1),
      x.slice(0, 2, 1),
      x.slice(1, 3, 1),
      x.padAxis(1, 0, 0),
      x.padAxis(0, 1, 0),
      x.sub(1),
      tensor(1).sub(x),
      x.gather(tensor([0, 1], { dtype: "int32" }), 0),
      x.gather(tensor([0, 1], { dtype: "int32" }), 1),
    ];
    expect(new Set(all.map((t) => t.node)).size).toBe(all.length);
    expect(x.add(Number.NaN).node).toBe(x.add(Number.NaN).node);
  });

  test("a float that a person makes is equal only to itself", () => {
    const makers = [() => tensor(1), () => ones([2]), () => full([], 3), () => eye(2), () => arange(3, "float32")];
    for (const f of makers) expect(f().node).not.toBe(f().node);
  });

  test("arrays of numbers are equal only to themselves", () => {
    const data = Float32Array.of(1, 2, 3);
    expect(tensor(data).node).not.toBe(tensor(data).node);
    const copied = tensor(data);
    data[0] = 9;
    expect(copied.node.is("data") && copied.node.attrs.data[0]).toBe(1);
  });
});

describe("a parameter is an identity", () => {
  test("two with equal shape and value are two; one used twice is one leaf", () => {
    const [a, b] = [parameter([2], 0), parameter([2], 0)];
    expect(a.node).not.toBe(b.node);
    const tied = topological([a.mul(a).add(a).node]).filter((n) => n.op === "parameter");
    expect(tied).toEqual([a.node]);
    expect(parameterOf(a)).not.toBe(parameterOf(b));
    expect(parameterOf(a.neg())).toBeUndefined();
  });

  test("a tied parameter changes in every place at once", async () => {
    const w = parameter([], 2, { dtype: "float64" });
    const value = w.mul(3).sub(1);
    const program = compile(() => ({ y: w.square().add(w), updates: [{ parameter: parameterOf(w)!, value }] }));
    expect((await program.run()).y.item()).toBe(6);
    expect((await program.run()).y.item()).toBe(30);
    expect(parameterOf(w)?.read()[0]).toBe(14);
  });
});

describe("walking and rewriting", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => input(name));
  const root = add(add(a, b), make("neg", [add(a, b)], {}));

  test("every node comes once, after its inputs", () => {
    const order = topological([root, a, root]);
    expect(new Set(order).size).toBe(order.length);
    for (const node of order) for (const x of node.inputs) expect(order.indexOf(x)).toBeLessThan(order.indexOf(node));
  });

  test("a graph twenty thousand nodes deep does not overflow the stack", () => {
    let deep: Node = a;
    for (let i = 0; i < 20_000; i++) deep = make(i % 2 ? "neg" : "abs", [deep], {});
    expect(topological([deep]).length).toBe(20_001);
    expect(substitute([deep], new Map([[a, a]]))[0]).toBe(deep);
  });

  test("dependents are what lies between, the sources included", () => {
    expect(dependents([root], [b])).toEqual(new Set([b, add(a, b), make("neg", [add(a, b)], {}), root]));
  });

  test("substitution keeps the identity of what does not change, and undoes itself", () => {
    const [moved] = substitute([root], new Map([[b, c]]));
    expect(moved).not.toBe(root);
    expect(substitute([moved], new Map([[c, b]]))[0]).toBe(root);
    expect(rewrite([root], withInputs)[0]).toBe(root);
  });

  test("a body computes outside what does not depend on its formals", () => {
    const outside = make("neg", [a], {});
    const closed = close([add(outside, b)], [b]);
    expect(closed.captured.map((s) => s.input)).toEqual([outside]);
    expect(topological(closed.outputs).filter((n) => n.op === "formal")).toEqual(closed.captured.map((s) => s.formal));
  });

  test("a loop is written once however often its results are used", () => {
    const x = parameter([3], 1);
    const run = () =>
      scan({ s: x.sum() }, ({ s }, { e }) => ({ carry: { s: s.add(e) }, out: { s } }), { xs: { e: x } });
    const { carry, out } = run();
    const loops = topological([carry.s.node, out.s.node]).filter((n) => n.op === "scan");
    expect(loops.length).toBe(1);
    expect(sizeOf(out.s.shape)).toBe(3);
  });
});
