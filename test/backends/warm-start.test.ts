import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import {
  compile,
  cond,
  nn,
  type Outputs,
  optim,
  parameter,
  parameterOf,
  scan,
  type Tensor,
  tensor,
  whileLoop,
} from "pondus";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { codeDigest, digestOf } from "../../src/backends/native/cache/code-digest.ts";
import { graphKey, graphText } from "../../src/backends/native/cache/graph-key.ts";
import { loadNative, native } from "../../src/backends/native/index.ts";
import { noteOf } from "../../src/backends/native/plan.ts";
import { printC } from "../../src/backends/native/print.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Parameter } from "../../src/graph/parameter.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import { build, type Leaf, leavesOf, type Recipe, recipes } from "../support/random-graphs.ts";

vi.mock("../../src/compiler/compile.ts", async (original) => {
  const module = await original<typeof import("../../src/compiler/compile.ts")>();
  return { ...module, compileGraph: vi.fn(module.compileGraph) };
});
const compiled = vi.mocked(compileGraph);

const nativeTest = test.skipIf(native.unavailable() !== undefined);
const folder = mkdtempSync(join(tmpdir(), "pondus-warm-"));
let made = 0;
let cache: string;
beforeEach(() => {
  cache = join(folder, `cache${made++}`);
  vi.stubEnv("PONDUS_CACHE", cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const machine = { vectorBytes: 32, registers: 16, mixedWidths: true };

/** All that the compiler makes of a graph: the program, and where its arrays lie. */
function productOf(graph: GraphProgram): string {
  const { program, ...places } = compileGraph(graph, machine);
  const note = noteOf({ ...places, bytes: program.bytes, long: false }, graph, graphKey(graph));
  return [...printC(program), JSON.stringify(note)].join("\n");
}

let built = 0;

/** A recipe's graph on inputs, arrays and parameters in turn, all of them new; the values are moved by `shift`. */
function graphOf(recipe: Recipe, shift: number): GraphProgram {
  const leaves = leavesOf(recipe, `${built++}_`);
  const moved = ({ values }: Leaf) => values.map((v) => v + shift);
  const leaf = (x: Leaf, i: number, inputs: Record<string, Tensor>): Tensor => {
    if (i % 3 === 0) return inputs[x.name];
    // An array of one number would be a constant: that the compiler does look at.
    if (i % 3 === 1 && x.values.length > 1) return tensor(moved(x), { shape: x.shape, dtype: x.dtype });
    return parameter(x.shape, () => (k) => moved(x)[k], { name: `${shift}`, dtype: x.dtype });
  };
  const inputs = leaves.filter((_, i) => i % 3 === 0).map((x) => [x.name, { shape: x.shape, dtype: x.dtype }]);
  const f = (given: Record<string, Tensor>) =>
    build(
      recipe,
      leaves,
      leaves.map((x, i) => leaf(x, i, given)),
    ).outputs;
  return compile(f as never, Object.fromEntries(inputs)).graph;
}

const sample = fc.sample(recipes, { numRuns: 200, seed: 5 });

test("one key, one program; and another program, another key", () => {
  const texts = new Map<string, string>();
  let alike = 0;
  for (const recipe of sample) {
    const graphs = [graphOf(recipe, 0), graphOf(recipe, 0.5)];
    for (const graph of graphs) {
      const { digest } = graphKey(graph);
      const text = productOf(graph);
      expect(texts.get(digest) ?? text).toBe(text);
      texts.set(digest, text);
    }
    if (graphKey(graphs[0]).digest === graphKey(graphs[1]).digest) alike++;
  }
  // A branch captures what was there before it, and the second graph finds the first one's constant parts there.
  expect(alike).toBeGreaterThan(0.95 * sample.length);
  expect(texts.size).toBeGreaterThan(sample.length / 2);
});

type Build = (x: { readonly x: Tensor; readonly y: Tensor }) => Outputs;
const keyOf = (f: Build) => graphText(compile(f as never, { x: [4, 4], y: [4, 4] }).graph).text;
const [p, q] = [parameter([4, 4], 0), parameter([4, 4], 0)];
const home = parameterOf(p) as Parameter;
const [a, b] = [0, 0].map(() => tensor(new Float32Array(16), { shape: [4, 4] }));

interface Loop {
  by?: number;
  length?: number;
  reverse?: boolean;
  once?: boolean;
}
/** Two loops; with `once`, they have their formals in common, as a loop and its tangents do. */
function loops(x: Tensor, { by = 2, length = 3, reverse = false, once = false }: Loop): Outputs {
  const loop = () => scan({ c: x }, ({ c }) => ({ carry: { c: c.mul(by) }, out: { c } }), { length, reverse });
  const [first, second] = [loop(), loop()];
  return { z: first.carry.c, w: (once ? first : second).out.c };
}
const turns = (x: Tensor, limit?: number) =>
  whileLoop(
    { c: x },
    ({ c }) => c.sum().lt(9),
    ({ c }) => ({ c: c.add(1) }),
    { limit },
  );
const choice = (x: Tensor, yes: number, no: number) =>
  cond(
    x.sum().lt(0),
    () => ({ z: x.mul(yes) }),
    () => ({ z: x.mul(no) }),
  );

const different: readonly (readonly [string, Build, Build])[] = [
  ["zero and negative zero", ({ x }) => ({ z: x.maximum(0) }), ({ x }) => ({ z: x.maximum(-0) })],
  ["NaN and a number", ({ x }) => ({ z: x.add(Number.NaN) }), ({ x }) => ({ z: x.add(1) })],
  ["nearly equal numbers", ({ x }) => ({ z: x.mul(0.1) }), ({ x }) => ({ z: x.mul(0.1 + 2 ** -26) })],
  ["infinities", ({ x }) => ({ z: x.maximum(1 / 0) }), ({ x }) => ({ z: x.maximum(-1 / 0) })],
  ["ops", ({ x }) => ({ z: x.sin() }), ({ x }) => ({ z: x.cos() })],
  ["the order of operands", ({ x, y }) => ({ z: x.sub(y) }), ({ x, y }) => ({ z: y.sub(x) })],
  ["inputs", ({ x, y }) => ({ z: x.add(x).add(y) }), ({ x, y }) => ({ z: x.add(y).add(y) })],
  ["one parameter and two", () => ({ z: p.matmul(p) }), () => ({ z: p.matmul(q) })],
  ["one array and two", () => ({ z: a.sin(), w: a.sum() }), () => ({ z: a.sin(), w: b.sum() })],
  ["types", ({ x }) => ({ z: x.cast("float64") }), ({ x }) => ({ z: x.cast("int32") })],
  ["axes", ({ x }) => ({ z: x.sum(0) }), ({ x }) => ({ z: x.sum(1) })],
  ["shapes", ({ x }) => ({ z: x.reshape([2, 8]) }), ({ x }) => ({ z: x.reshape([8, 2]) })],
  ["places", ({ x }) => ({ z: x.slice(0, 2) }), ({ x }) => ({ z: x.slice(1, 3) })],
  ["the order of results", ({ x, y }) => ({ z: x, w: y }), ({ x, y }) => ({ w: y, z: x })],
  ["one result and two", ({ x }) => ({ z: x }), ({ x }) => ({ z: x, w: x })],
  ["results and updates", () => ({ z: q.add(p) }), () => ({ updates: [{ parameter: home, value: q.add(p) }] })],
  ["factors in a loop", ({ x }) => loops(x, {}), ({ x }) => loops(x, { by: 3 })],
  ["lengths of loops", ({ x }) => loops(x, {}), ({ x }) => loops(x, { length: 4 })],
  ["directions of loops", ({ x }) => loops(x, {}), ({ x }) => loops(x, { reverse: true })],
  ["formals in common", ({ x }) => loops(x, {}), ({ x }) => loops(x, { once: true })],
  ["limits of loops", ({ x }) => turns(x, 4), ({ x }) => turns(x, 5)],
  ["a limit and none", ({ x }) => turns(x, 4), ({ x }) => turns(x)],
  ["branches", ({ x }) => choice(x, 2, 3), ({ x }) => choice(x, 3, 2)],
];

test.each(different)("keys tell apart: %s", (_, one, two) => {
  expect(keyOf(one)).not.toBe(keyOf(two));
  expect(keyOf(one)).toBe(keyOf(one));
  expect(keyOf(two)).toBe(keyOf(two));
});

/** All that a program leaves behind after two runs. */
async function resultsOf(graph: GraphProgram): Promise<number[][]> {
  const executable = await loadNative(graph);
  const { digest: _, parameters } = graphKey(graph);
  for (const place of executable.inputs.values()) place.set(place.map((_, k) => Math.sin(k + 1)));
  for (const p of parameters) executable.parameters.get(p)?.set(p.read());
  for (let run = 0; run < 2; run++) await executable.run();
  const all = [...executable.outputs.values(), ...parameters.map((p) => executable.parameters.get(p) ?? [])];
  return all.map((values) => Array.from(values));
}

nativeTest("a program of the warm cache is not compiled, and computes the same to the last bit", async () => {
  let warm = 0;
  for (const recipe of sample.slice(0, 12)) {
    vi.stubEnv("PONDUS_CACHE", `${cache}-cold`);
    const cold = await resultsOf(graphOf(recipe, 0.25));
    vi.stubEnv("PONDUS_CACHE", cache);
    const first = graphOf(recipe, 0);
    await resultsOf(first);
    const again = graphOf(recipe, 0.25);
    const isKnown = graphKey(again).digest === graphKey(first).digest;
    compiled.mockClear();
    expect(await resultsOf(again)).toEqual(cold);
    expect(compiled).toHaveBeenCalledTimes(isKnown ? 0 : 1);
    if (isKnown) warm++;
  }
  expect(warm).toBeGreaterThan(8);
});

nativeTest("parameters that a program changes are found again", async () => {
  const training = () => {
    const model = nn.sequential(nn.dense(5, 7), nn.tanh, nn.dense(7, 2));
    nn.initialize(model, 3);
    const loss = model(tensor(Array.from({ length: 15 }, (_, i) => i / 8)).reshape([3, 5]))
      .square()
      .mean();
    const { updates } = optim.adam({ learningRate: 1e-2 }).minimize(loss);
    return compile(() => ({ loss, updates })).graph;
  };
  const cold = await resultsOf(training());
  compiled.mockClear();
  expect(await resultsOf(training())).toEqual(cold);
  expect(compiled).not.toHaveBeenCalled();
});

const square = (factor: number) => compile(({ x }) => ({ y: x.mul(x).mul(factor) }), { x: [3] }).graph;
const notes = () => readdirSync(cache).filter((name) => name.endsWith(".program"));
const answer = async (factor: number) => (await resultsOf(square(factor)))[0];

describe.skipIf(native.unavailable() !== undefined)("a note that is", () => {
  test.each<[string, (path: string, other: string) => void]>([
    ["empty", (path) => writeFileSync(path, "")],
    ["cut short", (path) => writeFileSync(path, readFileSync(path).subarray(0, -9))],
    ["of another program", (path, other) => cpSync(other, path)],
    [
      "changed in one place",
      (path) => writeFileSync(path, readFileSync(path, "utf8").replace('"inputs":[0', '"inputs":[64')),
    ],
    ["writable by others", (path) => chmodSync(path, 0o666)],
    ["without its library", () => libraries().forEach((path) => rmSync(path))],
    ["beside a library that is cut short", () => libraries().forEach((path) => rewrite(path))],
  ])("%s is not believed, and written anew", async (_, spoil) => {
    await answer(made);
    const [other] = notes();
    const wanted = await answer(made + 0.5);
    const name = notes().find((n) => n !== other) as string;
    const good = readFileSync(join(cache, name), "utf8");
    spoil(join(cache, name), join(cache, other));
    compiled.mockClear();
    expect(await answer(made + 0.5)).toEqual(wanted);
    expect(compiled).toHaveBeenCalledOnce();
    expect(readFileSync(join(cache, name), "utf8")).toBe(good);
    expect(statSync(join(cache, name)).mode & 0o077).toBe(0);
  });
});

const libraries = () => readdirSync(cache).flatMap((name) => (name.endsWith(".so") ? [join(cache, name)] : []));

/** Another file in its place: this process has mapped the old one, and must not see it change. */
function rewrite(path: string): void {
  const bytes = readFileSync(path);
  rmSync(path);
  writeFileSync(path, bytes.subarray(0, 1000), { mode: 0o700 });
}

test("notes are for the very code that compiled", () => {
  expect(codeDigest()).toMatch(/^[0-9a-f]{64}$/);
  const later = Date.now() + 60_000;
  const own = digestOf(join(import.meta.dirname, "../../src/backends/native/cache/code-digest.ts"), later);
  const copy = join(folder, "src");
  for (const part of ["host", "graph", "tensor", "compiler", "backends"]) {
    cpSync(join(import.meta.dirname, "../../src", part), join(copy, part), { recursive: true });
  }
  const self = join(copy, "backends/native/cache/code-digest.ts");
  expect(digestOf(self, later)).toBe(own);
  writeFileSync(join(copy, "compiler/loops/tile.ts"), "// another");
  expect(digestOf(self, later)).not.toBe(own);
  expect(digestOf(self, later)).toMatch(/^[0-9a-f]{64}$/);
  // Changed after the process began: what it holds in memory may be what was there before.
  expect(digestOf(self, 0)).toBeUndefined();
  expect(digestOf(join(copy, "bundle.js"), later)).toBeUndefined();
});
