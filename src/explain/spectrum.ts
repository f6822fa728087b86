import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { lanczos } from "../ledger/spectrum/lanczos.ts";
import { spectralDensity } from "../ledger/spectrum/spectral-density.ts";
import { compile } from "../runtime/compile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gaussNewtonProduct } from "../transforms/index.ts";
import type { ExplainProgress } from "./explainable.ts";
import { eachLine, type JacobianProducts, jacobianProducts, progressOf } from "./jacobian-lines.ts";
import { type Knobs, knobsIn, layerPathOf } from "./knobs.ts";
import { singularValues } from "./singular-values.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

export interface SpectrumOptions {
  /** Standard deviation of the noise, in units of the residuals (default: their root mean square). */
  readonly noise?: number;
  /** Standard deviation of a knob before any data came (default: the root mean square of the knobs as they are). */
  readonly prior?: number;
  /** Larger matrices are looked at by Lanczos' method alone (default 1500). */
  readonly dense?: number;
  readonly backend?: BackendName | "auto";
  readonly onProgress?: (progress: ExplainProgress) => void;
}

/** How well data determine the knobs, direction by direction. */
export interface Spectrum {
  /**
   * Eigenvalues of the Fisher information J'J / noise^2, descending, in 1 / knob^2: along a direction with eigenvalue e the
   * data determine the knobs to 1 / sqrt(e). There are as many more zeros as `zeros` says.
   */
  readonly values: readonly number[];
  /** Directions of no influence at all, since there are fewer numbers than knobs. */
  readonly zeros: number;
  /** Below it an eigenvalue is rounding. */
  readonly floor: number;
  /** How many eigenvalues stand above `floor`, and over how many powers of ten they go. */
  readonly resolved: number;
  readonly decades: number;
  readonly knobs: number;
  /** Residuals, or outputs on all samples. */
  readonly numbers: number;
  readonly noise: number;
  readonly prior: number;
  /** 1 / prior^2: where data and prior say equally much. */
  readonly threshold: number;
  /** sum e / (e + threshold): how many knobs the data determine (MacKay, Neural Computation 4, 415, 1992). */
  readonly effectiveKnobs: number;
  readonly aboveThreshold: number;
  readonly method: "dense" | "lanczos";
  /** The stiffest, and the last that is resolved. */
  readonly directions: readonly Direction[];
}

export interface Direction {
  /** Its place in `values`. */
  readonly index: number;
  readonly value: number;
  /** Which layers take part, by their share of the squared length. */
  readonly layers: Readonly<Record<string, number>>;
  /** The knobs that take part most, with their component. */
  readonly knobs: readonly { readonly knob: string; readonly component: number }[];
}

/** A Jacobian with more entries is not held. */
const mostEntries = 1e7;
/** Up to so many operations, times about ten, singular values are taken of the Jacobian itself, which keeps more digits. */
const mostRotated = 3e7;
const lanczosSteps = 100;
const stiffest = 3;

/**
 * The spectrum of the Gauss-Newton matrix of residuals at the present knobs, which is the Fisher information of a model with
 * normal noise. Spectra of models with many knobs are sloppy: evenly spread over many decades, so that few directions are
 * stiff and the rest may move without a visible effect (Transtrum, Machta & Sethna, Phys. Rev. E 83, 036701, 2011).
 *
 * With fewer residuals than knobs the matrix is J J', whose eigenvalues are the same but for zeros.
 *
 * @param residuals  any shape, in the model's parameters
 * @throws `spectrum.nonfinite` when one of them is no finite number (exit code 1)
 */
export async function spectrumOf(residuals: Tensor, options: SpectrumOptions = {}): Promise<Spectrum> {
  const { backend, dense = 1500 } = options;
  const knobs = knobsIn(residuals);
  const flat = residuals.flatten();
  const theta = knobs.values();
  const now = (await compile(() => ({ flat }), {}, { backend }).run()).flat.data;
  checkFinite(now);
  const noise = options.noise ?? (rms(now) || 1);
  const prior = options.prior ?? (rms(theta) || 1);
  const side = Math.min(flat.size, knobs.size);
  const affordable = side <= dense && flat.size * knobs.size <= mostEntries;
  const products = affordable ? jacobianProducts(flat, knobs, backend) : undefined;
  const isDense = products && products.lines <= dense;
  const found = isDense
    ? await denseSpectrum(flat, knobs, products, options)
    : await lanczosSpectrum(flat, knobs, options);
  const scale = 1 / noise ** 2;
  const threshold = 1 / prior ** 2;
  const values = found.values.map((e) => Math.max(e, 0) * scale);
  const floor = (values[0] ?? 0) * found.rounding;
  const resolved = values.filter((e) => e > floor).length;
  const last = values[resolved - 1] ?? 0;
  return {
    values,
    zeros: isDense ? knobs.size - values.length : Math.max(knobs.size - flat.size, 0),
    floor,
    resolved,
    decades: resolved > 0 ? Math.log10(values[0] / last) : 0,
    knobs: knobs.size,
    numbers: flat.size,
    noise,
    prior,
    threshold,
    effectiveKnobs: found.sum((e) => (e * scale > floor ? (e * scale) / (e * scale + threshold) : 0)),
    aboveThreshold: Math.round(found.sum((e) => (e * scale > Math.max(threshold, floor) ? 1 : 0))),
    method: isDense ? "dense" : "lanczos",
    directions: directionsOf(found, resolved, values, knobs),
  };
}

function checkFinite(values: ArrayLike<number>): void {
  const odd = Array.from(values).find((x) => !Number.isFinite(x));
  if (odd === undefined) return;
  throw new PondusError(
    "spectrum.nonfinite",
    `explain: on the inputs the network gives ${odd}, which has no spectrum; look nearer to what it was trained on.`,
    { exitCode: 1 },
  );
}

interface Found {
  /** Descending. */
  readonly values: readonly number[];
  /** The sum over all eigenvalues of a function that is 0 at 0; by Lanczos' method an estimate, of those above rounding. */
  sum(f: (value: number) => number): number;
  /** In the space of knobs. */
  vector(index: number): Float64Array;
  /**
   * As a share of the largest eigenvalue: what is smaller is rounding. A Jacobian's entries are known to that of their type,
   * its eigenvalues are squares, and a matrix of products is known to the rounding of float64.
   */
  readonly rounding: number;
}

async function denseSpectrum(
  flat: Tensor,
  knobs: Knobs,
  products: JacobianProducts,
  options: SpectrumOptions,
): Promise<Found> {
  const isRows = products.mode === "rows";
  const [count, width] = isRows ? [products.lines, knobs.size] : [products.lines, flat.size];
  const lines = new Float64Array(count * width);
  await eachLine(products, count, (line, i) => lines.set(line, i * width), { part: "spectrum", ...options });
  if (count * count * width <= mostRotated) {
    const { values, along, across } = singularValues(lines, count);
    const squares = Array.from(values, (x) => x * x);
    return {
      values: squares,
      sum: (f) => squares.reduce((total, e) => total + f(e), 0),
      vector: isRows ? along : across,
      rounding: count * roundingOf(knobs.dtype) ** 2,
    };
  }
  const program = compile(
    ({ j }) => ({ gram: j.matmul(j.T) }),
    { j: { shape: [count, width], dtype: "float64" } },
    { backend: options.backend },
  );
  const { gram } = await program.run({ j: lines });
  const tell = progressOf("eigenvalues", 100, options.onProgress);
  const eigen = await symmetricEigen(gram.data, (share) => tell(Math.round(100 * share)));
  const values = Array.from(eigen.values);
  return {
    values,
    sum: (f) => values.reduce((total, e) => total + f(e), 0),
    vector: (index) => {
      const u = eigen.vector(index);
      if (!isRows) return u;
      // J'u is the direction, times the square root of the eigenvalue.
      const v = new Float64Array(width);
      u.forEach((share, i) => {
        for (let k = 0; k < width; k++) v[k] += share * lines[i * width + k];
      });
      const length = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0)) || 1;
      return v.map((x) => x / length);
    },
    rounding: count * Math.max(roundingOf(knobs.dtype) ** 2, 2 ** -52),
  };
}

const roundingOf = (dtype: Knobs["dtype"]) => (dtype === "float64" ? 2 ** -52 : 2 ** -23);

/** The largest eigenvalues that Lanczos' method is sure of; sums over all from random vectors. */
async function lanczosSpectrum(flat: Tensor, knobs: Knobs, { backend, onProgress }: SpectrumOptions): Promise<Found> {
  const leaves = [...knobs.leaves];
  const product = (v: Tensor[]) => gaussNewtonProduct(flat, leaves, v) as Tensor[];
  const told = (part: string) => (p: { step: number; steps: number; secondsLeft: number }) =>
    onProgress?.({ part, ...p });
  const result = await lanczos(product, leaves, { steps: lanczosSteps, backend, onProgress: told("spectrum") });
  const sure = result.values.map((ritz, i) => ({ ...ritz, i })).filter(({ value, bound }) => bound < 1e-3 * value);
  const density = await spectralDensity(product, leaves, {
    steps: 40,
    probes: 6,
    backend,
    onProgress: told("density"),
  });
  const order = sure.toReversed();
  const rounding = 8 * roundingOf(knobs.dtype);
  const floor = (order[0]?.value ?? 0) * rounding;
  const nodes = density.nodes.filter(({ value }) => value > floor);
  return {
    values: order.map(({ value }) => value),
    sum: (f) => knobs.size * nodes.reduce((total, { value, weight }) => total + weight * f(value), 0),
    vector: (index) => result.vector(order[index].i),
    rounding,
  };
}

function directionsOf(found: Found, resolved: number, values: readonly number[], knobs: Knobs): Direction[] {
  const count = Math.min(stiffest, resolved);
  const shown = Array.from({ length: count }, (_, i) => i);
  if (resolved > count) shown.push(resolved - 1);
  return shown.map((index): Direction => {
    const v = found.vector(index);
    const layers: Record<string, number> = {};
    v.forEach((x, k) => {
      const path = layerPathOf(knobs.parameters[knobs.parameterAt(k)]);
      layers[path] = (layers[path] ?? 0) + x * x;
    });
    const order = Array.from(v.keys()).sort((a, b) => Math.abs(v[b]) - Math.abs(v[a]));
    const top = order.slice(0, 5).map((k) => ({ knob: knobs.label(k), component: v[k] }));
    return { index, value: values[index], layers, knobs: top };
  });
}

export function rms(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum / Math.max(values.length, 1));
}
