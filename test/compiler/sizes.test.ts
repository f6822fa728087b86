import * as fc from "fast-check";
import { compile, type DType, type Tensor } from "pondus";
import { describe, expect, test } from "vitest";
import type { Executable } from "../../src/backends/backend.ts";
import { executableOf } from "../../src/backends/executable.ts";
import { loadNative, native } from "../../src/backends/native/index.ts";
import { reference } from "../../src/backends/reference/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Machine } from "../../src/compiler/ir/loop.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import { difference } from "../support/agreement.ts";
import { type Inputs, sample } from "../support/cases/case.ts";
import { interpretLoops } from "../support/loops/interpret.ts";

/** Both can be set from outside: PONDUS_SIZES=2000 PONDUS_SIZE_SEED=7 npm test -- sizes */
const count = Number(process.env.PONDUS_SIZES ?? 120);
const seed = Number(process.env.PONDUS_SIZE_SEED ?? 1);
/** One program computes several kernels, which spares the C compiler most of its starts. */
const perProgram = 40;

/** A kernel to be computed at some sizes: rows, columns and what is summed over. */
interface Trial {
  readonly kind: number;
  readonly dtype: DType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

type Kernel = (x: { readonly [name: string]: Tensor }, t: Trial) => Tensor;

/** Kernels of every shape of loop, on a, c [m, n], b [n, k], w [k, n], r [n] and int32 i [m]. */
const kernels: { readonly [name: string]: Kernel } = {
  "elementwise, in order": ({ a, c }) => a.mul(c).add(0.5).abs(),
  "elementwise, a row spread": ({ a, r }) => a.sub(r).tanh(),
  "elementwise, transposed": ({ a, c }) => a.T.add(c.T),
  "elementwise, one side transposed": ({ a, b, w }) => b.T.add(w).mul(a.sum()),
  "elementwise, flipped": ({ a, c }) => a.flip(1).add(c),
  "elementwise, sliced": ({ a, n }) => a.slice(n.shape[0], a.shape[1], 1).mul(2),
  "elementwise, padded": ({ a, r }) => a.padAxis(2, 1, 1).add(r.sum()).padAxis(0, 1, 0),
  "a mask": ({ a, c }) => a.lt(c).and(a.gt(-1)).where(a, c),
  "a mask as numbers": ({ a, c }) => a.lt(c).cast("int32").add(a.ge(0).cast("int32")),
  "whole numbers beside floats": ({ a, i }) => a.add(i.unsqueeze(1).cast(a.dtype)).floor().cast("int32"),
  "both widths": ({ a }) => a.cast(a.dtype === "float32" ? "float64" : "float32").exp(),
  "sum along rows": ({ a }) => a.sum(1),
  "sum along columns": ({ a }) => a.sum(0),
  "sum of all": ({ a }) => a.square().sum(),
  "largest along rows": ({ a }) => a.max(1).add(1),
  "largest along columns": ({ a }) => a.max(0).mul(2),
  "sum of whole numbers": ({ i, a }) => i.unsqueeze(1).mul(a.gt(0).cast("int32")).sum(1),
  product: ({ a, b }) => a.matmul(b),
  "product, left transposed": ({ a, c }) => a.T.matmul(c),
  "product, right transposed": ({ a, w }) => a.matmul(w.T),
  "product, result transposed": ({ a, b }) => a.matmul(b).T,
  "product of flipped operands": ({ a, b }) => a.flip(1).matmul(b.flip([0, 1])),
  "product with a vector": ({ a, r }) => a.matmul(r),
  "vector with a product": ({ a, r }) => r.matmul(a.T),
  "dense layer": ({ a, b, r, w }) => a.matmul(b).add(w.sum(1)).tanh().add(r.sum()),
  "product of padded operands": ({ a, b }) => a.padAxis(1, 1, 1).matmul(b.padAxis(1, 1, 0)),
  "softmax of rows": ({ a }) => a.softmax(1),
  "rows looked up": ({ a, i }) => a.gather(i.abs()).add(1),
  "columns looked up": ({ a, i }) => a.gather(i.abs(), 1),
  "rows added up": ({ a, i }) => a.scatterAdd(i.abs(), 12, 0),
  "axes merged": ({ a, c }) => a.T.reshape([a.size]).add(c.reshape([a.size])),
};
const names = Object.keys(kernels);

const size = fc.oneof(fc.nat({ max: 70 }), fc.constantFrom(0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65));
const trials: fc.Arbitrary<Trial> = fc.record({
  kind: fc.nat({ max: names.length - 1 }),
  dtype: fc.constantFrom("float32" as const, "float64" as const),
  m: fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(1, 12, 13, 24)),
  n: size,
  k: size,
});

function inputsOf({ dtype, m, n, k }: Trial): Inputs {
  return {
    a: sample([m, n], dtype),
    c: sample([m, n], dtype),
    b: sample([n, k], dtype),
    w: sample([k, n], dtype),
    r: sample([n], dtype),
    i: sample([m], "int32"),
    n: sample([Math.min(n, 1)], "int32"),
  };
}

interface Batch {
  readonly graph: GraphProgram;
  readonly values: { readonly [name: string]: readonly number[] };
  readonly trials: readonly Trial[];
}

/** Kernels that the graph cannot have at a size: a lookup in nothing, the largest of none. */
const possible = ({ kind, m, n }: Trial) =>
  !(names[kind].includes("looked up") && (m === 0 || n === 0)) && !(/largest|softmax/.test(names[kind]) && n * m === 0);

function batchOf(list: readonly Trial[]): Batch {
  const own = list.filter(possible).map((t) => ({ t, inputs: inputsOf(t) }));
  const all = own.flatMap(({ inputs }, j) => Object.entries(inputs).map(([name, x]) => [`${name}${j}`, x] as const));
  const { graph } = compile(
    (x) =>
      Object.fromEntries(
        own.map(({ t, inputs }, j) => {
          const mine = Object.fromEntries(Object.keys(inputs).map((name) => [name, x[`${name}${j}`]]));
          return [`y${j}`, kernels[names[t.kind]](mine, t)];
        }),
      ),
    Object.fromEntries(all),
  );
  return { graph, values: Object.fromEntries(all.map(([name, x]) => [name, x.values])), trials: own.map((o) => o.t) };
}

async function run(executable: Executable, { values }: Batch): Promise<Executable["outputs"]> {
  for (const [name, place] of executable.inputs) place.set(values[name]);
  await executable.run();
  return executable.outputs;
}

/** Interpreted, any machine can be had; the loops are then the compiler's and nobody else's. */
const machines: { readonly [name: string]: Machine } = {
  "vectors of 64 bytes": { vectorBytes: 64, registers: 32, mixedWidths: true },
  "vectors of 32 bytes": { vectorBytes: 32, registers: 16, mixedWidths: true },
  "vectors of 16 bytes": { vectorBytes: 16, registers: 16, mixedWidths: true },
  "vectors of 16 bytes, one width, few registers": { vectorBytes: 16, registers: 8, mixedWidths: false },
};

function interpreted(graph: GraphProgram, machine: Machine): Executable {
  const compiled = compileGraph(graph, machine);
  const memory = new ArrayBuffer(compiled.program.bytes);
  return executableOf(compiled, memory, () => interpretLoops(compiled.program, memory));
}

const list = fc.sample(trials, { numRuns: count, seed });
const batches = Array.from({ length: Math.ceil(count / perProgram) }, (_, i) =>
  batchOf(list.slice(i * perProgram, (i + 1) * perProgram)),
);

async function compare(load: (graph: GraphProgram) => Executable | Promise<Executable>): Promise<void> {
  const wrong: string[] = [];
  for (const batch of batches) {
    const got = await run(await load(batch.graph), batch);
    const wanted = await run(await reference.load(batch.graph), batch);
    for (const { name, node } of batch.graph.outputs) {
      const data = got.get(name) as TypedArray;
      const why = difference({ data, dtype: node.dtype }, wanted.get(name) as TypedArray, undefined, 1);
      const { kind, ...sizes } = batch.trials[Number(name.slice(1))];
      if (why) wrong.push(`${names[kind]}, ${JSON.stringify(sizes)}: ${why}`);
    }
  }
  expect(wrong).toEqual([]);
}

describe(`kernels at ${count} random sizes agree with the reference`, () => {
  for (const [name, machine] of Object.entries(machines)) {
    test(`loops for ${name}`, () => compare((graph) => interpreted(graph, machine)));
    const title = `machine code for ${name}`;
    if (native.unavailable() === undefined) test(title, () => compare((graph) => loadNative(graph, machine)));
    else test.skip(`${title} (skipped: ${native.unavailable()})`, () => {});
  }
  test("wasm", () => compare(wasm.load));
});
