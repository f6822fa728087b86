import { compile, Tensor } from "pondus";
import { expect, test } from "vitest";
import { make } from "../../src/graph/make.ts";
import type { Node } from "../../src/graph/node.ts";
import { Stream } from "../../src/graph/random/stream.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { topological } from "../../src/graph/walk.ts";
import { type Along, movesBetween } from "../../src/transforms/batching/axis.ts";
import { axesThrough, remade } from "../../src/transforms/batching/follow.ts";
import { difference } from "../support/agreement.ts";
import { opCases } from "./gradients/op-cases.ts";

const stream = new Stream(1, "initialize", 3);

function data(shape: readonly number[], from: number, to: number): Tensor {
  const numbers = Float64Array.from({ length: sizeOf(shape) }, () => from + (to - from) * stream.uniform());
  return new Tensor(make("data", [], { data: numbers, shape, dtype: "float64" }));
}

/** Entries of an axis. */
function cut(x: Node, axis: number, from: number, to: number): Node {
  const at = (list: readonly number[], n: number) => list.map((m, i) => (i === axis ? n : m));
  return make("slice", [x], {
    start: at(
      x.shape.map(() => 0),
      from,
    ),
    stop: at(x.shape, to),
  });
}

/** One entry of an axis, which is left out. */
const entry = (x: Node, axis: number, k: number) =>
  make("reshape", [cut(x, axis, k, k + 1)], { shape: x.shape.filter((_, i) => i !== axis) });

/** What a rule says of an axis, and what must be equal. */
function pairsOf(node: Node, along: Along): readonly (readonly [got: Node, wanted: Node])[] {
  const { operands, result } = along;
  const some = operands.findIndex((place) => place !== undefined);
  const size = node.inputs[some].shape[operands[some] as number];
  const on = (change: (x: Node, axis: number) => Node, to: Along | undefined, rows: number) => {
    const inputs = node.inputs.map((x, i) => {
      const place = operands[i];
      return place === undefined ? x : change(x, place);
    });
    return remade(node, inputs, movesBetween(inputs.length, along, to, rows));
  };
  const part = (from: number, to: number) => on((x, axis) => cut(x, axis, from, to), along, to - from);
  if (size < 2) return [];
  if (typeof result === "string") {
    const whole = make(result === "sum" ? "add" : "maximum", [part(0, 1), part(1, size)], {});
    return [[whole, node]];
  }
  const one = on((x, axis) => entry(x, axis, 1), undefined, size);
  return [
    [part(1, size), cut(node, result, 1, size)],
    [one, entry(node, result, 1)],
  ];
}

test("what a rule says of an axis holds: of some entries, and of one without the axis", async () => {
  const seen = new Set<string>();
  const outputs: { [name: string]: Tensor } = {};
  for (const cases of Object.values(opCases)) {
    for (const { f, inputs, name } of cases) {
      const given = inputs.map(({ shape, from, to }) => data(shape, from, to));
      for (const node of topological([f(...given).node])) {
        if (node.op === "custom") continue;
        axesThrough(node).forEach((along, k) => {
          pairsOf(node, along).forEach(([got, wanted], i) => {
            const key = `${name}, ${node.op} ${node.id}, way ${k}, ${i}`;
            seen.add(node.op);
            outputs[`${key}: got`] = new Tensor(got);
            outputs[`${key}: wanted`] = new Tensor(wanted);
          });
        });
      }
    }
  }
  const results = await compile(() => outputs, {}, { backend: "reference" }).run();
  for (const name of Object.keys(outputs)) {
    if (!name.endsWith("got")) continue;
    const wanted = results[name.replace(/got$/, "wanted")];
    expect(`${name}: ${results[name].shape} ${difference(results[name], wanted.data, 1e-12) ?? "equal"}`).toBe(
      `${name}: ${wanted.shape} equal`,
    );
  }
  // Ops that are followed, but for loops, branches, and what has no operands.
  expect(seen.size).toBeGreaterThan(60);
  for (const op of [
    "contract",
    "gather",
    "scatter",
    "scatterInto",
    "recurrence",
    "window",
    "overlap",
    "reshape",
    "max",
  ]) {
    expect(seen).toContain(op);
  }
});
