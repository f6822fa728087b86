import * as fc from "fast-check";
import { compile, scan, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";
import { planGraph } from "../../src/compiler/compile.ts";
import type { Guard, Kernel, Moving, Scalar } from "../../src/compiler/ir/kernel.ts";
import type { Affine, Buffer, Index, Step } from "../../src/compiler/ir/loop.ts";
import { verify } from "../../src/compiler/memory/verify.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import { build, leavesOf, recipes } from "../support/random-graphs.ts";

const machine = { vectorBytes: 32, registers: 16, mixedWidths: true };

function planOf(graph: GraphProgram, threads = 1) {
  const { steps, buffers, aliases, memory } = planGraph(graph, { ...machine, threads });
  const check = () => verify(steps, buffers, aliases, memory.bytes, threads);
  return { buffers, check };
}

/** Lets an array end one element earlier while `check` runs. */
function shortened(buffer: Buffer, check: () => void): void {
  const change = (by: number) => Object.assign(buffer, { length: buffer.length + by });
  change(-1);
  try {
    check();
  } finally {
    change(1);
  }
}

test("no array of a random program may be an element shorter", () => {
  fc.assert(
    fc.property(recipes, (recipe) => {
      const leaves = leavesOf(recipe);
      const types = Object.fromEntries(leaves.map((l) => [l.name, { shape: l.shape, dtype: l.dtype }]));
      const { graph } = compile(
        (x) =>
          build(
            recipe,
            leaves,
            leaves.map((l) => x[l.name]),
          ).outputs,
        types,
      );
      const { buffers, check } = planOf(graph);
      check();
      // All that a program makes, it writes to the last element.
      for (const b of buffers.filter(({ kind, length }) => kind !== "input" && kind !== "data" && length > 0)) {
        expect(() => shortened(b, check), `${b.kind} ${b.id}`).toThrow(/reaches elements|outside|where it is shared/);
      }
    }),
    { numRuns: 30, seed: 1 },
  );
});

/** What reads its input to the last element through guards, clamps and loops. */
const readers: { readonly [name: string]: (x: Tensor) => Tensor } = {
  padding: (x) => x.padAxis(2, 1, 0).mul(2),
  "padding on all sides": (x) => x.padAxis(1, 1, 0).padAxis(2, 2, 1).add(1),
  "windows of what was padded": (x) => x.padAxis(2, 2, 0).window(3, 0, { stride: 2 }).sum(1),
  "overlapping windows": (x) => x.add(1).overlapAdd(0, { stride: 2, dilation: 1 }),
  "a reversed order": (x) => x.flip().padAxis(1, 0, 1).add(0.5),
  "an index that is clamped": (x) => x.gather(tensor([0, 99], { dtype: "int32" })),
  "an index in range": (x) => x.gather(tensor([0, 4], { dtype: "int32" })),
  "an index into padding": (x) =>
    x
      .gather(tensor([[0, 4]], { dtype: "int32" }).padAxis(1, 1, 1))
      .padAxis(0, 1, 0)
      .sum(0),
  "a loop": (x) =>
    scan({}, (_, { row }) => ({ carry: {}, out: { y: row.sin() } }), { xs: { row: x }, reverse: true }).out.y,
};

test.each(Object.entries(readers))("reads through %s are proved to the element", (_, read) => {
  const { graph } = compile(({ x }) => ({ y: read(x) }), { x: [5, 3] });
  const { buffers, check } = planOf(graph);
  check();
  const input = buffers.find(({ kind }) => kind === "input") as Buffer;
  expect(() => shortened(input, check)).toThrow(/reaches elements|out of range/);
});

test("padding of more than int32 counts is refused, and no more", () => {
  const padded = (n: number) => planOf(compile(({ x }) => ({ y: x.padAxis(1, 0, 0) }), { x: [n] }).graph).check;
  padded(2 ** 31)();
  expect(padded(2 ** 31 + 1)).toThrow(/pad.*int32 counts to 2147483647; use a smaller batch/);
});

/** A kernel of one load, at random, with guards and a position that is looked up. */
const size = fc.integer({ min: 0, max: 4 });
const small = fc.integer({ min: -4, max: 4 });
const affines = fc.record({ offset: small, scales: fc.tuple(small, small, small) });
const accesses = fc.record({
  sizes: fc.tuple(size, size, size),
  length: fc.integer({ min: 1, max: 24 }),
  at: affines,
  guards: fc.array(fc.record({ at: affines, from: small, to: small }), { maxLength: 3 }),
  reducing: fc.boolean(),
  looked: fc.option(fc.record({ size: fc.integer({ min: 0, max: 3 }), scale: small })),
});

test("what leaves its array at any point is refused", () => {
  let [refused, kept] = [0, 0];
  fc.assert(
    fc.property(accesses, ({ sizes, length, at, guards, reducing, looked }) => {
      const counters = sizes.map((_, id): Index => ({ id }));
      const affine = ({ offset, scales }: typeof at): Affine => ({
        offset,
        terms: counters.flatMap((index, i) => (scales[i] === 0 ? [] : [{ index, scale: scales[i] }])),
      });
      const buffer = (id: number, n: number): Buffer => ({
        id,
        kind: "input",
        dtype: "int32",
        length: n,
        offset: 64 * id,
      });
      const [source, target, index] = [buffer(0, length), buffer(1, 1), buffer(2, 1)];
      const place: Affine = { offset: 0, terms: [] };
      const position: Scalar = { kind: "load", buffer: index, at: place, guards: [], dtype: "int32" };
      const moving: Moving | undefined = looked ? { ...looked, position, inRange: false } : undefined;
      const value: Scalar = {
        kind: "load",
        buffer: source,
        at: affine(at),
        guards: guards.map((g): Guard => ({ ...g, at: affine(g.at) })),
        moving,
        dtype: "int32",
      };
      const axes = counters.map((counter, i) => ({ index: counter, size: sizes[i] }));
      const kernel: Kernel = {
        name: "kernel",
        axes: reducing ? axes.slice(0, 1) : axes,
        reduction: reducing ? { op: "sum", axes: axes.slice(1), value } : undefined,
        stores: [{ buffer: target, at: place, value: reducing ? { kind: "total", dtype: "int32" } : value }],
      };
      const steps: Step<Kernel>[] = [{ kind: "launch", kernel }];
      const at3 = ({ offset, scales }: typeof at, i: readonly number[]) =>
        scales.reduce((sum, s, k) => sum + s * i[k], offset);
      const points = sizes.reduce<number[][]>(
        (all, n) => all.flatMap((point) => Array.from({ length: n }, (_, i) => [...point, i])),
        [[]],
      );
      const reached = points.filter((i) => guards.every((g) => g.from <= at3(g.at, i) && at3(g.at, i) < g.to));
      const nowhere = looked?.size === 0 && reached.length > 0;
      const leaves = reached.some((i) =>
        Array.from({ length: looked?.size ?? 1 }, (_, k) => at3(at, i) + k * (looked?.scale ?? 0)).some(
          (element) => element < 0 || element >= length,
        ),
      );
      const check = () => verify(steps, [source, target, index], new Map(), 256);
      if (leaves || nowhere) expect(check).toThrow(/reaches elements|where there is none/);
      let isKept = true;
      try {
        check();
      } catch {
        isKept = false;
      }
      if (isKept) kept++;
      else refused++;
    }),
    { numRuns: 3000, seed: 1 },
  );
  // Both happen, or nothing was shown.
  expect(Math.min(refused, kept)).toBeGreaterThan(300);
});
