import { arange, type BackendName, compile, grad, hvp, jvp, stack, type Tensor, tensor, vmap } from "pondus";
import { describe, expect, test } from "vitest";
import { Stream } from "../../../src/graph/random/stream.ts";
import { sizeOf } from "../../../src/graph/shape.ts";
import { difference, tolerances } from "../../support/agreement.ts";
import { onEveryBackend } from "../../support/every-backend.ts";
import type { GradientCase } from "../gradients/check.ts";
import { opCases } from "../gradients/op-cases.ts";

/** What the walk of the op table lacks: ops that have no derivative, and those with whole numbers of each sample's own. */
const index = (x: Tensor, n: number) =>
  x
    .mul(10)
    .floor()
    .cast("int32")
    .abs()
    .mod(n + 2)
    .sub(1);
const more: { readonly [name: string]: readonly GradientCase[] } = {
  stop: [{ name: "stop", f: (x) => x.stopGradient().mul(x), inputs: [{ shape: [3], from: -2, to: 2 }] }],
  int32: [
    {
      name: "whole numbers",
      f: (x, y) => {
        const [a, b] = [x, y].map((z) => z.mul(100).cast("int32"));
        return stack([a.add(b), a.mul(b), a.sub(b), a.maximum(b), a.xor(b), a.shiftLeft(2), b.neg().abs()]).cast(
          "float64",
        );
      },
      inputs: [
        { shape: [5], from: -2, to: 2 },
        { shape: [5], from: -2, to: 2 },
      ],
    },
  ],
  "an index of one's own": [
    { name: "gather", f: (x, y) => x.gather(index(y, 4), 1), inputs: cube([2, 4, 3], [3, 2]) },
    { name: "gather of a scalar", f: (x, y) => x.gather(index(y, 4), 0), inputs: cube([4, 3], []) },
    { name: "scatterAdd", f: (x, y) => x.scatterAdd(index(y, 5), 5, 1), inputs: cube([2, 4, 3], [4]) },
    {
      name: "scatterAdd of a matrix of indices",
      f: (x, y) => x.scatterAdd(index(y, 3), 3, 1),
      inputs: cube([2, 2, 3, 2], [2, 3]),
    },
    ...(["set", "min", "max", "mul"] as const).map((combine) => ({
      name: `scatter, ${combine}`,
      f: (x: Tensor, y: Tensor, z: Tensor) => x.scatter(index(y, 4), z, { axis: 1, combine }),
      inputs: cube([2, 4, 3], [3], [2, 3, 3]),
    })),
    { name: "sort", f: (x) => x.sort(0), inputs: cube([5, 2]) },
    { name: "one hot", f: (x) => arange(4).eq(index(x, 4)).cast("float64"), inputs: cube([]) },
  ],
};

function cube(...shapes: number[][]) {
  return shapes.map((shape) => ({ shape, from: -2, to: 2 }));
}

const samples = 3;

/** Which arguments have samples: every choice but none. */
function choices(count: number): boolean[][] {
  return Array.from({ length: 2 ** count - 1 }, (_, i) =>
    Array.from({ length: count }, (_, k) => ((i + 1) >> k) % 2 === 1),
  );
}

const valuesOf = (stream: Stream, shape: readonly number[], from: number, to: number) =>
  tensor(
    Array.from({ length: sizeOf(shape) }, () => Math.fround(from + (to - from) * stream.uniform())),
    { dtype: "float64" },
  ).reshape([...shape]);

/** What is made of a case for one sample. */
const variants: { readonly [name: string]: (c: GradientCase) => ((...xs: Tensor[]) => Tensor[]) | undefined } = {
  value:
    ({ f }) =>
    (...xs) => [f(...xs)],
  gradient: ({ f, forwardOnly }) =>
    forwardOnly
      ? undefined
      : (...xs) =>
          grad(
            f(...xs)
              .sin()
              .sum(),
            xs,
          ),
  "Hessian times a vector": ({ f, forwardOnly, order }) => {
    if (forwardOnly || order === 1) return undefined;
    return (...xs) =>
      hvp(
        f(...xs)
          .sin()
          .sum(),
        xs,
        xs.map((x) => x.cos()),
      );
  },
  tangent:
    ({ f }) =>
    (...xs) => [
      jvp(
        f(...xs),
        xs,
        xs.map((x) => x.cos()),
      ),
    ],
};

/** All samples at once and one after another. */
function both(
  c: GradientCase,
  has: readonly boolean[],
  axis: number,
  f: (...xs: Tensor[]) => Tensor[],
  stream: Stream,
) {
  const given = c.inputs.map(({ shape, from, to }, i) => {
    const at = Math.min(axis, shape.length);
    const whole = has[i] ? [...shape.slice(0, at), samples, ...shape.slice(at)] : shape;
    return { x: valuesOf(stream, whole, from, to), at: has[i] ? at : null };
  });
  const together = vmap((...xs: Tensor[]) => f(...xs), { in: given.map(({ at }) => at) })(...given.map(({ x }) => x));
  const apart = Array.from({ length: samples }, (_, i) =>
    f(...given.map(({ x, at }) => (at === null ? x : x.at(i, at)))),
  );
  return { together, apart: together.map((_, k) => stack(apart.map((list) => list[k]))) };
}

/** The reference does all that there is; of machine code, which takes long to make, some. */
function chosen(backend: BackendName, count: number): boolean[][] {
  const all = choices(count);
  return backend === "reference" ? all : [all[all.length - 1], ...all.slice(0, 1)].slice(0, all.length);
}

async function check(backend: BackendName, cases: readonly GradientCase[], seed: number): Promise<void> {
  const stream = new Stream(seed, "initialize", 5);
  const outputs: { [name: string]: Tensor } = {};
  const tolerance = new Map<string, number>();
  for (const c of cases) {
    for (const [variant, make] of Object.entries(variants)) {
      const f = backend === "reference" || variant === "gradient" ? make(c) : undefined;
      if (!f) continue;
      chosen(backend, c.inputs.length).forEach((has, i) => {
        const { together, apart } = both(c, has, (i + seed) % 2, f, stream);
        together.forEach((x, k) => {
          const name = `${c.name}, ${variant} ${k}, samples in ${has.map(Number).join("")}`;
          outputs[`${name}: together`] = x;
          outputs[`${name}: apart`] = apart[k];
          tolerance.set(name, c.order === 1 ? tolerances.float32 : tolerances.float64);
        });
      });
    }
  }
  const results = await compile(() => outputs, {}, { backend }).run();
  for (const [name, allowed] of tolerance) {
    const why = difference(results[`${name}: together`], results[`${name}: apart`].data, allowed);
    expect(`${name}: ${why ?? "equal"}`).toBe(`${name}: equal`);
  }
}

type Group = readonly [ops: string, cases: readonly GradientCase[]];
const groups: readonly Group[] = Object.entries({ ...opCases, ...more });

/** One program has the cases of several ops, which spares the C compiler most of its starts. */
const several: readonly Group[] = Array.from({ length: Math.ceil(groups.length / 12) }, (_, i) =>
  groups.slice(12 * i, 12 * (i + 1)),
).map((list) => [list.map(([op]) => op).join(", "), list.flatMap(([, cases]) => cases)]);

describe("what is computed for all samples at once is what is computed for one after another", () => {
  onEveryBackend((backend) => {
    test.each(backend === "reference" ? groups : several)("%s", { timeout: 120_000 }, async (_, cases) => {
      await check(backend, cases, 1);
    });
  });
});
