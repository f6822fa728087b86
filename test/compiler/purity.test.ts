import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { compile, cond, grad, hvp, parameter, type Tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { executableOf } from "../../src/backends/executable.ts";
import { graphText } from "../../src/backends/native/cache/graph-key.ts";
import { loadNative, native } from "../../src/backends/native/index.ts";
import { machine } from "../../src/backends/wasm/index.ts";
import { loadLoopProgram } from "../../src/backends/wasm/load.ts";
import { plain } from "../../src/backends/wasm/module/features.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import { branchKind } from "../support/random-graphs/steps.ts";
import { build, leavesOf, type Recipe, recipes } from "../support/random-graphs.ts";
import { resultsOf } from "../support/shared-work.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * How many graphs, which ones, and of how many the bits of one are compared. All can be set from outside:
 * PONDUS_GRAPHS=2000 PONDUS_GRAPH_SEED=7 PONDUS_GRAPH_BITS=1 npm test -- purity
 */
const count = Number(process.env.PONDUS_GRAPHS ?? 100);
const seed = Number(process.env.PONDUS_GRAPH_SEED ?? 1);
const every = Number(process.env.PONDUS_GRAPH_BITS ?? 10);

/** Random graphs with a branch in each, their last step another one. */
const all = fc
  .sample(recipes, { numRuns: count, seed })
  .map(
    (recipe, i): Recipe => ({ ...recipe, steps: [...recipe.steps, { kind: branchKind, a: i, b: i + 1, c: i + 2 }] }),
  );

/** Writes a recipe's graph, with derivatives of first and second order. */
function graphOf(recipe: Recipe): GraphProgram {
  const leaves = leavesOf(recipe);
  return compile(
    (x) => {
      const inputs = leaves.map((l) => x[l.name]);
      const { outputs } = build(recipe, leaves, inputs);
      const second = hvp(outputs.loss, inputs, inputs);
      return { ...outputs, ...Object.fromEntries(second.map((h, i) => [`second${i}`, h])) };
    },
    Object.fromEntries(leaves.map((l) => [l.name, { shape: l.shape, dtype: l.dtype }])),
  ).graph;
}

/** The text of what is compiled, which the native backend's cache takes for its key. */
const keyOf = (graph: GraphProgram) => graphText(graph).text;

function filled(executable: ReturnType<typeof executableOf>, recipe: Recipe): typeof executable {
  for (const { name, values } of leavesOf(recipe)) executable.inputs.get(name)?.set(values);
  return executable;
}

async function onWasm(recipe: Recipe, threads: number): Promise<TypedArray[]> {
  const compiled = compileGraph(graphOf(recipe), { ...machine, threads });
  const program = { ...compiled.program, work: threads === 1 ? 0 : Number.POSITIVE_INFINITY };
  const { memory, run } = await loadLoopProgram(program, plain, threads);
  return resultsOf(filled(executableOf(compiled, memory, run), recipe));
}

async function onNative(recipe: Recipe, threads: number): Promise<TypedArray[]> {
  return resultsOf(filled(await loadNative(graphOf(recipe), undefined, threads), recipe));
}

describe("the graph of a function is the same whatever was written before", () => {
  test(`${count} random graphs, their second writing in another order and with nodes of the first alive or collected`, () => {
    const first = all.map((recipe) => graphOf(recipe));
    const keys = first.map(keyOf);
    for (let i = all.length - 1; i >= 0; i--) expect(keyOf(graphOf(all[i]))).toBe(keys[i]);
    first.length = 0;
    collect();
    all.forEach((recipe, i) => void expect(keyOf(graphOf(recipe))).toBe(keys[i]));
  });

  test("a branch that writes what somebody wrote before", () => {
    const x = parameter([3], [1, 2, 3]);
    const write = () => {
      const { y } = cond(
        x.sum().gt(0),
        () => ({ y: x.mul(2).sin().add(1) }),
        () => ({ y: x.mul(2).cos() }),
      );
      return compile(() => ({ y, g: grad(y.sum(), x) })).graph;
    };
    const key = keyOf(write());
    const kept: Tensor[] = [x.mul(2), x.mul(2).sin(), x.mul(2).cos()];
    expect(keyOf(write())).toBe(key);
    kept.length = 0;
    collect();
    expect(keyOf(write())).toBe(key);
  });
});

const backends: [string, typeof onWasm, boolean][] = [
  ["native", onNative, native.unavailable() === undefined],
  ["wasm", onWasm, true],
];

describe.each(backends)("%s", (_, run, works) => {
  test.skipIf(!works)(
    `the bits of ${Math.ceil(count / every)} programs, written twice, on 1, 2 and 7 threads`,
    async () => {
      for (const recipe of all.filter((_, i) => i % every === 0)) {
        const first = await run(recipe, 1);
        for (const threads of [1, 2, 7]) expect(await run(recipe, threads)).toEqual(first);
      }
    },
    60_000 + 2_000 * count,
  );
});
