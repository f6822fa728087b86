import { handleEvents } from "#host/event-loop";
import type { Same, Structure } from "../../transforms/structure.ts";
import { krylov } from "./krylov.ts";
import { type LanczosOptions, normal } from "./lanczos.ts";
import { affordVectors, operatorOf, wholeFrom1 } from "./operator.ts";
import { tridiagonalEigen } from "./tridiagonal.ts";

export interface DensityOptions extends LanczosOptions {
  /** Random start vectors to take the mean over (default 8). */
  readonly probes?: number;
  /** Places at which the density is given (default 200). */
  readonly points?: number;
  /** Standard deviation of the normal curve that stands for each eigenvalue (default 1/100 of the spectrum's width). */
  readonly width?: number;
}

export interface SpectralDensity {
  readonly stopped: "finished" | "interrupted";
  /** Estimates of where eigenvalues are, ascending, and which share of all lies there: the shares add up to 1. */
  readonly nodes: readonly { readonly value: number; readonly weight: number }[];
  /** The same as a curve whose integral is 1: [points] each. */
  readonly grid: Float64Array;
  readonly density: Float64Array;
  readonly width: number;
  /** Estimate of the sum of all eigenvalues. */
  readonly trace: number;
}

/**
 * How a matrix's eigenvalues are distributed, from its products alone: stochastic Lanczos quadrature (Ubaru, Chen & Saad,
 * SIAM J. Matrix Anal. Appl. 38, 1075, 2017; for Hessians of networks Ghorbani, Krishnan & Xiao, ICML 2019). A random
 * vector meets every eigenvector alike, and Lanczos' k values, each weighted by the squared share of the start vector in it,
 * integrate polynomials up to degree 2k - 1 over what it meets. Takes probes x steps products.
 *
 * @param product  as for `lanczos`, as are `wrt` and what it throws, with "spectralDensity" for "lanczos" in the codes
 */
export async function spectralDensity<S extends Structure>(
  product: (vector: Same<S>) => Same<S>,
  wrt: S,
  options: DensityOptions = {},
): Promise<SpectralDensity> {
  const { seed = 0, probes = 8, points = 200, backend, signal, onProgress } = options;
  for (const [name, n] of Object.entries({ steps: options.steps ?? 50, probes, points })) {
    wholeFrom1("spectralDensity", name, n);
  }
  const operator = operatorOf("spectralDensity", product, wrt, backend);
  const steps = Math.min(options.steps ?? 50, operator.size);
  affordVectors("spectralDensity", steps, operator.size);
  const began = performance.now();
  const all: { value: number; weight: number }[] = [];
  let complete = 0;
  for (let probe = 0; probe < probes && !signal?.aborted; probe++) {
    const found = await krylov(operator, normal(operator.size, seed, "spectralDensity", probe), steps, async (done) => {
      const step = probe * steps + done;
      const each = (performance.now() - began) / 1000 / Math.max(step, 1);
      const secondsLeft = step === 0 ? Number.POSITIVE_INFINITY : each * (probes * steps - step);
      onProgress?.({ step, steps: probes * steps, secondsLeft });
      await handleEvents();
      return !signal?.aborted;
    });
    const k = found.vectors.length;
    // A probe that was broken off knows less than the others: it does not count.
    if (k < steps && !found.exhausted) break;
    const { values, vectors } = tridiagonalEigen(found.diagonal, found.beside);
    for (let i = 0; i < k; i++) all.push({ value: values[i], weight: vectors[i * k] ** 2 });
    complete++;
  }
  const nodes = all
    .map(({ value, weight }) => ({ value, weight: weight / complete }))
    .sort((a, b) => a.value - b.value);
  const trace = operator.size * nodes.reduce((sum, { value, weight }) => sum + value * weight, 0);
  const stopped = complete < probes ? "interrupted" : "finished";
  return { stopped, nodes, trace, ...curve(nodes, points, options.width) };
}

function curve(nodes: SpectralDensity["nodes"], points: number, given: number | undefined) {
  const [low, high] = [nodes[0]?.value ?? 0, nodes.at(-1)?.value ?? 0];
  const width = given ?? ((high - low) / 100 || 1e-2 * Math.max(Math.abs(high), 1));
  const [from, to] = [low - 5 * width, high + 5 * width];
  const grid = Float64Array.from({ length: points }, (_, i) => from + ((to - from) * i) / Math.max(points - 1, 1));
  const height = 1 / (width * Math.sqrt(2 * Math.PI));
  const density = grid.map((x) =>
    nodes.reduce((sum, { value, weight }) => sum + weight * height * Math.exp(-0.5 * ((x - value) / width) ** 2), 0),
  );
  return { grid, density, width };
}
