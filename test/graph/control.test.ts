import { cond, grad, jvp, scan, type Tensor, tensor, vmap, whileLoop } from "pondus";
import { describe, expect, test } from "vitest";
import {
  alongInputs,
  bodiesOf,
  type Control,
  controlOf,
  makeControl,
  resultsOf,
  withBodies,
} from "../../src/graph/control.ts";
import type { Node } from "../../src/graph/node.ts";
import { resultTypes } from "../../src/graph/types.ts";
import { topological } from "../../src/graph/walk.ts";

const w = tensor([0.5, -0.25]);
const programs: Record<string, (x: Tensor) => Tensor> = {
  scan: (x) =>
    scan({ s: x }, ({ s }, { e }) => ({ carry: { s: s.mul(w).add(e) }, out: { s: s.sin() } }), {
      xs: { e: tensor([1, 2, 3]) },
    }).out.s.sum(),
  while: (x) =>
    whileLoop(
      { s: x },
      ({ s }) => s.sum().lt(9),
      ({ s }) => ({ s: s.mul(2).add(w) }),
      { limit: 5 },
    ).s.sum(),
  cond: (x) =>
    cond(
      x.sum().gt(0),
      () => ({ y: x.mul(w), z: x }),
      () => ({ y: x, z: w }),
    ).y.sum(),
};

/** All loops and branches, in bodies too. */
function controlsIn(roots: readonly Node[]): { node: Node; control: Control }[] {
  return topological(roots).flatMap((node) => {
    const control = controlOf(node);
    return control ? [{ node, control }, ...controlsIn(bodiesOf(control).flat())] : [];
  });
}

describe.each(Object.entries(programs))("%s as a record, with what derivatives and vmap make of it", (_, f) => {
  const x = tensor([0.3, 0.4]);
  const many = tensor([0.3, 0.4, -0.5, 0.1]).reshape([2, 2]);
  const roots = [
    f(x),
    grad(f(x), x),
    grad(grad(f(x), x).sum(), x),
    jvp(f(x), x, w),
    vmap(f)(many),
    vmap((y: Tensor) => grad(f(y), y))(many),
  ].map((y) => y.node);
  const found = controlsIn(roots);

  test("is taken apart and made again as the same node", () => {
    expect(found.length).toBeGreaterThan(2);
    for (const { node, control } of found) {
      expect(makeControl(control)).toBe(node);
      expect(makeControl(withBodies(control, bodiesOf(control).flat()))).toBe(node);
    }
  });

  test("has slots whose formals are of their inputs' types, and as many results as types", () => {
    for (const { node, control } of found) {
      const inputs = alongInputs(control, (slot) => slot.input);
      expect(inputs).toEqual(node.inputs.map((input, i) => (control.op === "cond" && i === 0 ? undefined : input)));
      for (const slot of [...control.carry, ...control.captured]) {
        expect([slot.formal.shape, slot.formal.dtype]).toEqual([slot.input.shape, slot.input.dtype]);
      }
      for (const { formal, input } of control.xs) expect(formal.shape).toEqual(input.shape.slice(1));
      for (const { formal, next } of control.carry) expect(next.shape).toEqual(formal.shape);
      expect(resultsOf(control).length).toBe(resultTypes(node).length);
    }
  });
});
