import * as fc from "fast-check";
import { type DType, grad, type Tensor, vmap } from "pondus";
import { Stream } from "../../src/graph/random/stream.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import type { Mapping } from "./random-graphs/mapped.ts";
import { kindCount, named, type Step, take } from "./random-graphs/steps.ts";
import { describeInput, Written } from "./random-graphs/written.ts";

/** A random graph as plain data, which fast-check can shrink: some inputs and steps that build on what is there. */
export interface Recipe {
  readonly dtype: DType;
  readonly seed: number;
  readonly shapes: readonly (readonly number[])[];
  readonly steps: readonly Step[];
}

const small = fc.nat({ max: 97 });

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  dtype: fc.constantFrom("float32" as const, "float64" as const),
  seed: fc.nat({ max: 1000 }),
  shapes: fc.array(fc.constantFrom([], [1], [3], [5], [2, 3], [3, 3], [3, 1], [4, 5], [7], [2, 3, 4]), {
    minLength: 2,
    maxLength: 3,
  }),
  steps: fc.array(fc.record({ kind: fc.nat({ max: kindCount - 1 }), a: small, b: small, c: small }), {
    minLength: 3,
    maxLength: 9,
  }),
});

export interface Leaf {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: readonly number[];
}

/** The inputs of a recipe, their names beginning with `prefix`. */
export function leavesOf({ dtype, seed, shapes }: Recipe, prefix = ""): Leaf[] {
  const stream = new Stream(seed, "initialize", 77);
  return shapes.map((shape, i) => ({
    name: `${prefix}x${i}`,
    shape,
    dtype,
    values: Array.from({ length: sizeOf(shape) }, () => Math.fround(4 * stream.uniform() - 2)),
  }));
}

/** The graph: the last two values, a loss of both, and the loss's gradients with respect to every input. */
export function build({ steps }: Recipe, leaves: readonly Leaf[], inputs: readonly Tensor[], map: Mapping = vmap) {
  const lines: string[] = [];
  const pool = leaves.map((leaf, i) => new Written(inputs[i], leaf.name, 2));
  for (const step of steps) pool.unshift(named(take(step, pool, lines, map), `v${lines.length}`, lines));
  const [y, z] = pool;
  const loss = y.tensor.sin().mean().add(z.tensor.square().mean());
  const gradients = Object.fromEntries(grad(loss, inputs).map((g, i) => [`grad_${leaves[i].name}`, g]));
  const code = [
    ...leaves.map((l) => describeInput(l.name, l.shape, l.dtype, l.values)),
    ...lines,
    `const loss = ${y.text}.sin().mean().add(${z.text}.square().mean());`,
  ].join("\n");
  return { outputs: { y: y.tensor, z: z.tensor, loss, ...gradients }, code };
}
