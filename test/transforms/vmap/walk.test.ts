import { arange, type BackendName, compile, grad, hvp, jvp, stack, Tensor, tensor, vmap } from "pondus";
import { describe, expect, test } from "vitest";
import { formal } from "../../../src/graph/body.ts";
import type { OpName } from "../../../src/graph/node.ts";
import { isElementwise, ops } from "../../../src/graph/ops.ts";
import { Stream } from "../../../src/graph/random/stream.ts";
import { sizeOf } from "../../../src/graph/shape.ts";
import { substitute } from "../../../src/graph/walk.ts";
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

/** A case with values, of which some arguments have samples along an axis: what is computed of it, in a variant. */
interface Mapped {
  readonly name: string;
  readonly f: (...xs: Tensor[]) => Tensor[];
  readonly given: readonly { readonly x: Tensor; readonly at: number | null }[];
  readonly tolerance: number;
}

/** All samples at once. */
function together(all: readonly Mapped[]): { [name: string]: Tensor } {
  return Object.fromEntries(
    all.flatMap(({ name, f, given }) =>
      vmap((...xs: Tensor[]) => f(...xs), { in: given.map(({ at }) => at) })(...given.map(({ x }) => x)).map(
        (y, k) => [`${name}, ${k}`, y] as const,
      ),
    ),
  );
}

/** One sample after another: what is written for formals, with each sample in their place. */
function apart(all: readonly Mapped[]): { [name: string]: Tensor } {
  return Object.fromEntries(
    all.flatMap(({ name, f, given }) => {
      const formals = given.map(({ x, at }) =>
        formal({ shape: x.shape.filter((_, axis) => axis !== at), dtype: x.dtype }),
      );
      const written = f(...formals.map((x) => new Tensor(x))).map((y) => y.node);
      const each = Array.from({ length: samples }, (_, i) => {
        const own = given.map(({ x, at }) => (at === null ? x : x.at(i, at)));
        return substitute(written, new Map(formals.map((x, k) => [x, own[k].node])));
      });
      return written.map((_, k) => [`${name}, ${k}`, stack(each.map((list) => new Tensor(list[k])))] as const);
    }),
  );
}

/** Every case of a group, in every variant, with every choice of arguments that have samples; the same ones in each call. */
function mapped(cases: readonly GradientCase[], seed: number): Mapped[] {
  return cases.flatMap((c, number) => {
    const stream = new Stream(seed, "initialize", number);
    return choices(c.inputs.length).flatMap((has, i) => {
      const given = c.inputs.map(({ shape, from, to }, k) => {
        const at = Math.min((i + seed) % 2, shape.length);
        const whole = has[k] ? [...shape.slice(0, at), samples, ...shape.slice(at)] : shape;
        return { x: valuesOf(stream, whole, from, to), at: has[k] ? at : null };
      });
      return Object.entries(variants).flatMap(([variant, make]) => {
        const f = make(c);
        const name = `${c.name}, ${variant}, samples in ${has.map(Number).join("")}`;
        const tolerance = c.order === 1 ? tolerances.float32 : tolerances.float64;
        return f ? [{ name, f, given, tolerance }] : [];
      });
    });
  });
}

/** The reference does all that there is; of machine code, which takes long to make, gradients of the last choice and of the first in turn. */
function chosen(backend: BackendName, cases: readonly GradientCase[], all: readonly Mapped[]): readonly Mapped[] {
  if (backend === "reference") return all;
  const some = new Set(
    cases.map((c, i) => {
      const has = choices(c.inputs.length).at(i % 2 === 0 ? -1 : 0) as boolean[];
      return `${c.name}, gradient, samples in ${has.map(Number).join("")}`;
    }),
  );
  return all.filter(({ name }) => some.has(name));
}

const run = (backend: BackendName, outputs: () => { [name: string]: Tensor }) =>
  compile(outputs, {}, { backend }).run();

/** What the reference computes one after another, once for all backends that ask for it. */
const known = new Map<string, ReturnType<typeof run>>();

function truth(all: readonly Mapped[]): ReturnType<typeof run> {
  const key = all.map(({ name }) => name).join();
  const found = known.get(key) ?? run("reference", () => apart(all));
  known.set(key, found);
  return found;
}

async function check(backend: BackendName, cases: readonly GradientCase[], seed: number): Promise<void> {
  const all = chosen(backend, cases, mapped(cases, seed));
  const results = await run(backend, () => together(all));
  const wanted = await truth(all);
  const wrong = all.flatMap(({ name, tolerance }) =>
    Object.keys(wanted).flatMap((key) => {
      if (!key.startsWith(`${name}, `)) return [];
      const why = difference(results[key], wanted[key].data, tolerance);
      return why ? `${key}: ${why}` : [];
    }),
  );
  expect(wrong).toEqual([]);
  expect(Object.keys(results)).toEqual(Object.keys(wanted));
}

type Group = readonly [ops: string, cases: readonly GradientCase[]];
const groups: readonly Group[] = Object.entries({ ...opCases, ...more });

/**
 * One program of machine code has the cases of several ops, which spares the C compiler most of its starts. Of an elementwise op, which is
 * on one axis more what it is, it has one.
 */
const several: readonly Group[] = Array.from({ length: Math.ceil(groups.length / 12) }, (_, i) =>
  groups.slice(12 * i, 12 * (i + 1)),
).map((list) => [
  list.map(([op]) => op).join(", "),
  list.flatMap(([op, cases]) => (op in ops && isElementwise(op as OpName) ? cases.slice(0, 1) : cases)),
]);

describe("what is computed for all samples at once is what is computed for one after another", () => {
  onEveryBackend((backend) => {
    test.each(backend === "reference" ? groups : several)("%s", { timeout: 120_000 }, async (_, cases) => {
      await check(backend, cases, 1);
    });
  });
});
