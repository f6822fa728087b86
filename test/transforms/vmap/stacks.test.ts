import { grad, scan, type Tensor, tensor, vmap } from "pondus";
import { expect, test } from "vitest";
import { bodiesOf, controlOf } from "../../../src/graph/control.ts";
import type { Node } from "../../../src/graph/node.ts";
import { topological } from "../../../src/graph/walk.ts";

/** All nodes in bodies, however deep. */
const inBodies = (roots: readonly Node[]): Node[] =>
  topological(roots).flatMap((node) => {
    const control = controlOf(node);
    const results = control ? bodiesOf(control).flat() : [];
    return [...topological(results), ...inBodies(results)];
  });

test("what loops in loops keep for the backward pass is not put in another order in each iteration", () => {
  const f = (x: Tensor) =>
    scan(
      { x },
      ({ x }) => ({ carry: scan({ x }, ({ x }) => ({ carry: { x: x.sin().mul(x.exp()) } }), { length: 3 }).carry }),
      { length: 4 },
    ).carry.x.sum();
  const gradients = vmap((x: Tensor) => grad(f(x), x))(tensor([0.1, 0.2, 0.3, 0.4]).reshape([2, 2]));
  const inside = inBodies([gradients.node]);
  expect(inside.filter((node) => node.op === "sin").length).toBeGreaterThan(0);
  expect(inside.filter((node) => node.op === "permute")).toEqual([]);
});
