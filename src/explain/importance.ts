import type { BackendName } from "../backends/backend.ts";
import { Stream } from "../graph/random/stream.ts";
import { flopsOf } from "../ledger/flops.ts";
import type { Layer } from "../nn/layer.ts";
import { compile } from "../runtime/compile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ExplainProgress } from "./explainable.ts";
import { eachLine, jacobianProducts, progressOf } from "./jacobian-lines.ts";
import { atKnobs, type Knobs, knobsIn, layerPathOf } from "./knobs.ts";
import { rms } from "./spectrum.ts";

export interface ImportanceOptions {
  readonly backend?: BackendName | "auto";
  readonly onProgress?: (progress: ExplainProgress) => void;
}

/** What one knob does to the outputs, root mean squares over samples and outputs. */
export interface KnobImportance {
  readonly knob: string;
  readonly index: number;
  readonly value: number;
  /** d output / d knob. */
  readonly sensitivity: number;
  /** How far the outputs move when it is set to zero; undefined where that was not tried. */
  readonly ablation?: number;
}

export interface LayerImportance {
  readonly layer: string;
  readonly knobs: number;
  /** sqrt of the sum of the squares of its knobs' sensitivities: what turning them by 1 along their common direction does. */
  readonly sensitivity: number;
}

export interface Importance {
  /**
   * Most important first: by ablation where all were tried, else by |value| x sensitivity. Of more than 4,096 knobs the first
   * 1,000 and the last 100.
   */
  readonly ranked: readonly KnobImportance[];
  readonly total: number;
  readonly layers: readonly LayerImportance[];
  /** Root mean square of the outputs about their mean: what to hold ablations against. */
  readonly outputSpread: number;
  /** How many knobs were set to zero: the first ones by |value| x sensitivity where there are too many. */
  readonly ablated: number;
  /** Random directions of the outputs that sensitivities were estimated from, where there are too many to take each. */
  readonly probes?: number;
  readonly curves: readonly KnobCurve[];
}

/** The outputs on a few samples as one knob changes. */
export interface KnobCurve {
  readonly knob: string;
  readonly trained: number;
  readonly values: readonly number[];
  /** One list for each sample, of the network's first output, with the first number that goes in. */
  readonly outputs: readonly { readonly sample: number; readonly input: number; readonly y: readonly number[] }[];
}

/** Runs of the network, or derivatives of one, that are taken at most; of a large network only so many operations. */
const mostRuns = 4096;
const mostOperations = 1e10;
/** Random directions in place of too many outputs. */
const probes = 256;
/** The number of knobs whose curves are shown. */
const shownKnobs = 3;

/**
 * How much each knob matters to what the network says on the inputs: by its derivative, and by what happens when it is set
 * to zero. Neither speaks of a knob's meaning: where two knobs make up for each other, both look unimportant.
 */
export async function importanceOf(
  network: Layer,
  inputs: Tensor,
  options: ImportanceOptions = {},
): Promise<Importance> {
  const { backend, onProgress } = options;
  const outputs = network(inputs);
  const knobs = knobsIn(outputs);
  const theta = knobs.values();
  const { squares, probed } = await squaredSensitivities(outputs, knobs, options);
  const sensitivity = squares.map((s) => Math.sqrt(s / outputs.size));
  const program = compile(
    ({ at }) => ({ y: atKnobs(outputs, knobs, at).flatten() }),
    { at: { shape: [knobs.size], dtype: knobs.dtype } },
    { backend },
  );
  const { x } = await compile(
    () => ({ x: inputs.reshape([inputs.shape[0], -1]).slice(0, 1, 1).flatten() }),
    {},
    { backend },
  ).run();
  const outputsAt = async (at: Float64Array) => (await program.run({ at })).y.data;
  const trained = await outputsAt(theta);
  const firstOrder = Array.from(theta.keys()).sort(
    (a, b) => Math.abs(theta[b]) * sensitivity[b] - Math.abs(theta[a]) * sensitivity[a],
  );
  const ablation = new Map<number, number>();
  const tried = firstOrder.slice(0, affordable(outputs));
  const tell = progressOf("ablation", tried.length, onProgress);
  for (const [i, k] of tried.entries()) {
    await tell(i);
    ablation.set(k, distance(await outputsAt(theta.with(k, 0)), trained));
  }
  const isWhole = ablation.size === knobs.size;
  const order = isWhole
    ? firstOrder.toSorted((a, b) => (ablation.get(b) as number) - (ablation.get(a) as number))
    : firstOrder;
  const layers = new Map<string, { knobs: number; square: number }>();
  squares.forEach((square, k) => {
    const path = layerPathOf(knobs.parameters[knobs.parameterAt(k)]);
    const sum = layers.get(path) ?? { knobs: 0, square: 0 };
    layers.set(path, { knobs: sum.knobs + 1, square: sum.square + square });
  });
  const curves: KnobCurve[] = [];
  for (const k of order.slice(0, shownKnobs))
    curves.push(await curveOf(k, { knobs, theta, outputs, trained, outputsAt, inputs: x.data }));
  const listed = knobs.size <= mostRuns ? order : [...order.slice(0, 1000), ...order.slice(-100)];
  return {
    total: knobs.size,
    ranked: listed.map((k) => ({
      knob: knobs.label(k),
      index: k,
      value: theta[k],
      sensitivity: sensitivity[k],
      ...(ablation.has(k) && { ablation: ablation.get(k) }),
    })),
    layers: [...layers].map(([layer, { knobs, square }]) => ({
      layer,
      knobs,
      sensitivity: Math.sqrt(square / outputs.size),
    })),
    outputSpread: spreadOf(trained),
    ablated: ablation.size,
    ...(probed && { probes: probed }),
    curves,
  };
}

function affordable(outputs: Tensor): number {
  return Math.min(mostRuns, Math.max(64, Math.floor(mostOperations / Math.max(flopsOf([outputs.node]), 1))));
}

/** For each knob the sum over all outputs of (d output / d knob)^2. */
async function squaredSensitivities(outputs: Tensor, knobs: Knobs, { backend, onProgress }: ImportanceOptions) {
  const squares = new Float64Array(knobs.size);
  const flat = outputs.flatten();
  const isLong = Math.min(flat.size, knobs.size) > Math.max(probes, affordable(outputs) / 2);
  const products = jacobianProducts(flat, knobs, backend, isLong ? "rows" : undefined);
  const add = (line: ArrayLike<number>, weight: number) => {
    for (let k = 0; k < squares.length; k++) squares[k] += weight * line[k] ** 2;
  };
  if (isLong && products.mode === "rows") {
    // For random signs u the mean of (J'u)^2 is the sum of squares of each column (Hutchinson 1990).
    const random = new Stream(0, "signs");
    const tell = progressOf("sensitivity", probes, onProgress);
    for (let i = 0; i < probes; i++) {
      await tell(i);
      const u = Float64Array.from({ length: flat.size }, () => (random.below(2) === 1 ? 1 : -1));
      add(await products.times(u), 1 / probes);
    }
    return { squares, probed: probes };
  }
  const length = products.mode === "rows" ? flat.size : knobs.size;
  await eachLine(
    products,
    length,
    (line, i) => {
      if (products.mode === "rows") add(line, 1);
      else squares[i] = rms(line) ** 2 * line.length;
    },
    { part: "sensitivity", onProgress },
  );
  return { squares, probed: undefined };
}

/** The knob goes from its opposite through zero to three times what it is; one that is zero, between minus and plus the usual size. */
async function curveOf(
  k: number,
  {
    knobs,
    theta,
    outputs,
    trained,
    outputsAt,
    inputs,
  }: {
    readonly knobs: Knobs;
    readonly theta: Float64Array;
    readonly outputs: Tensor;
    readonly trained: ArrayLike<number>;
    readonly outputsAt: (theta: Float64Array) => Promise<ArrayLike<number>>;
    readonly inputs: ArrayLike<number>;
  },
): Promise<KnobCurve> {
  const steps = 41;
  const size = theta[k] || rms(theta);
  const [from, to] = theta[k] === 0 ? [-size, size] : [-size, 3 * size];
  const values = Array.from({ length: steps }, (_, i) => from + ((to - from) * i) / (steps - 1));
  const samples = outputs.shape[0] ?? 1;
  const width = outputs.size / samples;
  // From the sample with the lowest first output to that with the highest.
  const byOutput = Array.from({ length: samples }, (_, i) => i).sort((a, b) => trained[a * width] - trained[b * width]);
  const count = Math.min(5, samples);
  const shown = Array.from(
    { length: count },
    (_, i) => byOutput[Math.round((i * (samples - 1)) / Math.max(count - 1, 1))],
  );
  const y = shown.map((): number[] => []);
  for (const value of values) {
    const at = await outputsAt(theta.with(k, value));
    for (const [i, sample] of shown.entries()) y[i].push(at[sample * width]);
  }
  return {
    knob: knobs.label(k),
    trained: theta[k],
    values,
    outputs: shown.map((sample, i) => ({ sample, input: inputs[sample], y: y[i] })),
  };
}

/** Root mean square of the differences. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return rms(Array.from(a, (x, i) => x - b[i]));
}

function spreadOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  return rms(Array.from(values, (x) => x - mean));
}
