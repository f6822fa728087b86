import { compile, type Outputs, parameter, type Tensor } from "pondus";
import { expect } from "vitest";
import { interpret } from "../../src/backends/reference/interpret.ts";
import type { Limits } from "../../src/compiler/batch/block-rows.ts";
import { inBlocks } from "../../src/compiler/batch/blocks.ts";
import { mergeLoops } from "../../src/compiler/simplify/merge-loops.ts";
import { prune } from "../../src/compiler/simplify/prune.ts";
import { simplify } from "../../src/compiler/simplify/simplify.ts";
import { allocate, type TypedArray } from "../../src/graph/dtype.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Parameter } from "../../src/graph/parameter.ts";
import { type GraphProgram, rootsOf } from "../../src/graph/program.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { topological } from "../../src/graph/walk.ts";

/** Samples in the batch. */
export const n = 60;
export const limits: Limits = { blockBytes: 12_000, smallBatch: 0, samples: n };
export const dtype = "float64" as const;

export const values = (length: number) => Float64Array.from({ length }, (_, i) => Math.sin(3 * i + 1));
export const weight = (...shape: number[]) => parameter(shape, (random) => () => random.uniform() - 0.5, { dtype });

/** Passes over the batch, block by block. */
export function passesOf(roots: readonly Node[]): Node<"scan">[] {
  return topological(roots).flatMap((node) => {
    if (node.is("scan") && node.attrs.carry.length === 0) return [node];
    return node.is("while") ? passesOf(node.attrs.next) : [];
  });
}

/** The graph as `inBlocks` gets it. */
export const beforeBlocks = (graph: GraphProgram) => simplify(prune(mergeLoops(rootsOf(graph))));

/** What a graph computes from made-up inputs, by the reference. */
export function valuesOf(graph: GraphProgram, roots: readonly Node[]): TypedArray[] {
  const inputs = new Map(graph.inputs.map((x) => [x.attrs.name, x]));
  return interpret(roots, {
    input: (name) => {
      const x = inputs.get(name) as Node;
      if (x.dtype === "int32") return Int32Array.from({ length: sizeOf(x.shape) }, (_, i) => (i * 7) % 5);
      return allocate(x.dtype, sizeOf(x.shape)).map((_, i) => values(i + 1)[i]);
    },
    parameter: (p: Parameter) => p.read(),
  });
}

export type Inputs = { readonly [name: string]: Tensor };

/** Checks that a program in blocks has the values that it has without them; answers with its passes over the batch. */
export function passesWithSameValues(
  f: (x: Inputs) => Outputs,
  inputs: { readonly [name: string]: { readonly shape: readonly number[]; readonly dtype: "float64" | "int32" } },
): number {
  const { graph } = compile(f as never, inputs);
  const before = beforeBlocks(graph);
  const after = inBlocks(before, limits);
  const [a, b] = [valuesOf(graph, before), valuesOf(graph, after)];
  a.forEach((x, i) => {
    x.forEach((value, k) => {
      expect(b[i][k], `result ${i}, entry ${k}`).toBeCloseTo(value, 10);
    });
  });
  return passesOf(after).length;
}
