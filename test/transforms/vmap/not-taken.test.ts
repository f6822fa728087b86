import { compile, cond, customGradient, grad, hvp, jvp, scan, type Tensor, tensor, vmap, whileLoop } from "pondus";
import { expect, test } from "vitest";
import { difference, tolerances } from "../../support/agreement.ts";
import { onEveryBackend } from "../../support/every-backend.ts";
import { type Mapping, oneByOne } from "../../support/random-graphs/mapped.ts";

/**
 * Functions of a sample, a shared vector and a shared matrix, with a part that some samples do not take and whose derivatives are
 * infinite or NaN for those.
 */
type Case = (x: Tensor, v: Tensor, w: Tensor) => Tensor;

const f64 = (list: number | number[]) => tensor(list, { dtype: "float64" });
const int = (n: number) => tensor(n, { dtype: "int32" });
const root = (x: Tensor, v: Tensor) => x.sub(v.at(0)).sqrt();

const cases: { readonly [name: string]: Case } = {
  "a branch": (x) =>
    cond(
      x.gt(1),
      () => ({ y: x.sub(1).sqrt().log() }),
      () => ({ y: x.sub(1).neg().sqrt().mul(3) }),
    ).y,
  "a branch that no sample takes, of what samples share": (x, v) =>
    cond(
      x.gt(100),
      () => ({ y: v.at(0).neg().sqrt().mul(x) }),
      () => ({ y: x.mul(v.at(1)) }),
    ).y,
  "a branch with products by a shared matrix": (x, v, w) =>
    cond(
      x.gt(v.at(0)),
      () => ({ y: root(x, v).expand([3]).matmul(w).log().sum() }),
      () => ({ y: w.matmul(x.expand([3])).sum() }),
    ).y,
  "a branch with a look-up in a shared table": (x, v) =>
    cond(
      x.gt(0.5),
      () => ({ y: v.gather(x.cast("int32")).mul(x.sub(0.5).sqrt()) }),
      () => ({ y: v.at(1).mul(x) }),
    ).y,
  "a branch in a branch": (x, v) =>
    cond(
      x.gt(0),
      () =>
        cond(
          x.gt(1),
          () => ({ y: x.sub(1).sqrt().mul(v.at(1)) }),
          () => ({ y: x.sqrt().div(v.at(2)) }),
        ),
      () => ({ y: x.neg().log() }),
    ).y,
  "a loop whose samples end apart": (x) =>
    whileLoop(
      { x },
      ({ x }) => x.gt(0),
      ({ x }) => ({ x: x.sqrt().sub(0.9) }),
      { limit: 50 },
    ).x,
  "such a loop with products by a shared matrix": (x, v, w) =>
    whileLoop(
      { h: v.mul(x), k: x },
      ({ k }) => k.gt(0),
      ({ h, k }) => ({ h: w.matmul(h.mul(k.sqrt())).tanh(), k: k.sub(0.7) }),
      { limit: 9 },
    ).h.sum(),
  "a loop in such a loop": (x, v) =>
    whileLoop(
      { x, n: int(0) },
      ({ x, n }) => x.gt(0).and(n.lt(4)),
      ({ x, n }) => {
        const inner = whileLoop(
          { y: x },
          ({ y }) => y.gt(1),
          ({ y }) => ({ y: y.sub(1).sqrt().mul(v.at(2)) }),
          { limit: 6 },
        );
        return { x: inner.y.log().add(0.4), n: n.add(1) };
      },
      { limit: 8 },
    ).x,
  "a loop in a branch, which would not end for those that do not take it": (x, v) =>
    cond(
      x.gt(0),
      () => ({
        y: whileLoop(
          { y: x },
          ({ y }) => y.ne(0),
          ({ y }) => ({ y: y.mul(v.at(2)).floor().mul(0) }),
        ).y.add(x.sqrt()),
      }),
      () => ({ y: x }),
    ).y,
  "a loop in a scan in a branch": (x, v, w) =>
    cond(
      x.gt(0.2),
      () => {
        const { carry } = scan(
          { y: x },
          ({ y }, { k }) => {
            const { z } = whileLoop(
              { z: y },
              ({ z }) => z.gt(0.5),
              ({ z }) => ({ z: z.sub(0.5).sqrt().mul(0.6) }),
              { limit: 5 },
            );
            return { carry: { y: z.add(k.sqrt()).mul(w.matmul(v).at(0)) } };
          },
          { xs: { k: v } },
        );
        return { y: carry.y.mul(x.sub(0.2).sqrt()) };
      },
      () => ({ y: x.mul(x) }),
    ).y,
  "a gradient of its own in a branch": (x, v) =>
    cond(
      x.gt(0),
      () => ({ y: customGradient(x.sqrt().mul(v.at(1)), [x, v], (ct, [x, v]) => [ct.div(x.sqrt()), ct.mul(v)]) }),
      () => ({ y: x }),
    ).y,
};

const shared = () =>
  [f64([0.4, 1.3, 0.8]), f64([0.5, 0.2, 0.9, 0.1, 0.7, 0.3, 0.8, 0.6, 0.4]).reshape([3, 3])] as const;

/**
 * The values of all samples and their derivatives, with respect to samples and to what these share: first ones alone of machine
 * code, which takes long to make.
 */
function outputs(f: Case, map: Mapping, prefix: string, order: number): { [name: string]: Tensor } {
  const x = f64([0.3, 5, -1, 2]);
  const given = [x, ...shared()];
  const y = map((x: Tensor, v: Tensor, w: Tensor) => f(x, v, w), { in: [0, null, null] })(
    ...(given as [Tensor, Tensor, Tensor]),
  );
  const loss = y.mul(f64([1, 2, 3, 4])).sum();
  const along = given.map((z) => z.cos());
  const moved = jvp(loss, given, along);
  const all: { [name: string]: Tensor | readonly Tensor[] } = { value: y, tangent: moved };
  if (order > 0) all.gradient = grad(loss, given);
  if (order > 1) {
    all.product = hvp(loss, given, along);
    all.gradientOfTangent = grad(moved, given);
    all.gradientOfGradient = grad(
      grad(loss, given)
        .map((g) => g.sin().sum())
        .reduce((a, b) => a.add(b)),
      given,
    );
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, list]) => [list].flat().map((z, i) => [`${prefix} ${name} ${i}`, z])),
  );
}

onEveryBackend((backend) => {
  test("what a sample does not take leaves its derivatives alone", async () => {
    const program = compile(
      () =>
        Object.assign(
          {},
          ...Object.entries(cases).map(([name, f]) => {
            const order = name.includes("would not end") ? 0 : backend === "reference" ? 2 : 1;
            return {
              ...outputs(f, vmap, `together, ${name},`, order),
              ...outputs(f, oneByOne, `apart, ${name},`, order),
            };
          }),
        ) as { [name: string]: Tensor },
      {},
      { backend },
    );
    const results = await program.run();
    for (const name of Object.keys(results).filter((k) => k.startsWith("apart"))) {
      const together = results[name.replace("apart", "together")];
      const why = difference(together, results[name].data, tolerances.float64);
      expect(`${name}: ${why ?? "equal"}`).toBe(`${name}: equal`);
      expect([...results[name].data].every(Number.isFinite), name).toBe(true);
    }
  });
});
