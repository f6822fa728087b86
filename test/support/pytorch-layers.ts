import { readFileSync } from "node:fs";
import { type BackendName, compile, grad, type NumberArray, nn, type Tensor, tensor } from "pondus";
import { expect } from "vitest";
import { difference } from "./agreement.ts";

interface Flat {
  readonly shape: number[];
  readonly values: (number | boolean)[];
}

/** A layer as PyTorch computed it (see fixtures/layers.py). */
export interface LayerCase {
  readonly layer: string;
  /** Missing where the layer is made once for all. */
  readonly args: [...unknown[], Record<string, unknown>] | null;
  readonly inputs: Readonly<Record<string, Flat>>;
  readonly weights: Readonly<Record<string, Flat>>;
  readonly y: Flat;
  readonly c: Flat;
  readonly grads: Readonly<Record<string, Flat>>;
  readonly mask?: Flat;
  readonly training?: boolean;
  readonly before?: Readonly<Record<string, Flat>>;
  readonly after?: Readonly<Record<string, Flat>>;
}

const { cases } = JSON.parse(readFileSync(new URL("../fixtures/layers.json", import.meta.url), "utf8")) as {
  cases: Record<string, LayerCase>;
};

/** The cases of some layers, by name. */
export function casesOf(...layers: string[]): [string, LayerCase][] {
  return Object.entries(cases).filter(([, { layer }]) => layers.includes(layer));
}

/** Every layer that PyTorch was asked about. */
export const layersCompared = new Set(Object.values(cases).map(({ layer }) => layer));

export const tensorOf = ({ shape, values }: Flat, dtype: "float64" | "int32" | "bool" = "float64"): Tensor =>
  tensor(new Float64Array(values.map(Number)), { shape, dtype });

/** The layer of a case, in float64, with its weights. */
export function layerOf(c: LayerCase): nn.Layer {
  const made = (nn as unknown as Record<string, unknown>)[c.layer];
  if (!c.args) return made as nn.Layer;
  const positional = c.args.slice(0, -1);
  const options = c.args[c.args.length - 1] as Record<string, unknown>;
  const isPool = c.layer.includes("Pool");
  const layer = (made as (...args: unknown[]) => nn.Layer)(...positional, {
    ...options,
    ...(!isPool && { dtype: "float64" }),
  });
  const weights = nn.weightsOf(layer);
  const wanted = { ...c.weights, ...c.before };
  expect(Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, w.shape]))).toEqual(
    Object.fromEntries(Object.entries(wanted).map(([name, w]) => [name, w.shape])),
  );
  const turned = new Set(turnedNames(layer));
  for (const [name, w] of Object.entries(wanted)) {
    weights[name].write(turned.has(name) ? turnedOver(w) : (w.values as number[]));
  }
  return layer;
}

/** Weights below a layer that PyTorch keeps turned over. */
function turnedNames(layer: nn.Layer): string[] {
  const below = Object.entries(layer.children).flatMap(([name, child]) =>
    turnedNames(child).map((inner) => `${name}.${inner}`),
  );
  return [...(layer.transposed ?? []), ...below];
}

function turnedOver({ shape: [rows, columns], values }: Flat): number[] {
  return Array.from({ length: rows * columns }, (_, k) => Number(values[(k % rows) * columns + Math.floor(k / rows)]));
}

/**
 * Compares a layer with PyTorch: its output, and the gradients of a linear functional of it with respect to every input
 * and every weight.
 *
 * @param apply  how the layer is applied to the case's inputs (default: to the first)
 */
export async function compareWithPyTorch(
  c: LayerCase,
  backend: BackendName,
  apply?: (layer: nn.Layer, inputs: Record<string, Tensor>) => Tensor,
): Promise<void> {
  const layer = layerOf(c);
  const types = Object.fromEntries(
    Object.entries(c.inputs).map(([name, { shape }]) => [
      name,
      { shape, dtype: name in c.grads ? ("float64" as const) : ("int32" as const) },
    ]),
  );
  const knobs = nn.knobsOf(layer);
  const program = compile(
    (given) => {
      const y = apply ? apply(layer, given) : layer(Object.values(given)[0]);
      const wrt = Object.fromEntries(Object.keys(c.grads).map((name) => [name, given[name] ?? knobs[name]]));
      const g = grad(y.mul(tensorOf(c.c)).sum(), wrt);
      return { y, ...Object.fromEntries(Object.entries(g).map(([name, value]) => [`gradient of ${name}`, value])) };
    },
    types,
    { backend },
  );
  const given = Object.fromEntries(Object.entries(c.inputs).map(([name, { values }]) => [name, values.map(Number)]));
  const results = (await program.run(given)) as Record<string, NumberArray>;
  const turned = new Set(turnedNames(layer));
  const wanted: Record<string, Flat> = { y: c.y };
  for (const [name, w] of Object.entries(c.grads)) {
    const over = { shape: w.shape.toReversed(), values: turned.has(name) ? turnedOver(w) : [] };
    wanted[`gradient of ${name}`] = turned.has(name) ? over : w;
  }
  for (const [name, { shape, values }] of Object.entries(wanted)) {
    expect(results[name].shape, name).toEqual(shape);
    expect(difference(results[name], values as number[]), name).toBeUndefined();
  }
}
