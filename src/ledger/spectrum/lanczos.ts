import { handleEvents } from "#host/event-loop";
import type { BackendName } from "../../backends/backend.ts";
import { Stream, type Use } from "../../graph/random/stream.ts";
import type { Same, Structure } from "../../transforms/structure.ts";
import { krylov } from "./krylov.ts";
import { affordVectors, operatorOf, wholeFrom1 } from "./operator.ts";
import { tridiagonalEigen } from "./tridiagonal.ts";

export interface LanczosOptions {
  /** Products to take, at most as many as there are knobs (default 50). */
  readonly steps?: number;
  /** Of the start vector, whose entries are normal (default 0). */
  readonly seed?: number;
  readonly backend?: BackendName | "auto";
  /** Aborting it ends the search after the product that is under way, with what was found. */
  readonly signal?: AbortSignal;
  /** Called before each product. */
  readonly onProgress?: (progress: {
    readonly step: number;
    readonly steps: number;
    readonly secondsLeft: number;
  }) => void;
}

export interface RitzValue {
  readonly value: number;
  /** The matrix has an eigenvalue no further from `value` than this, but for the rounding of the products. */
  readonly bound: number;
}

export interface LanczosResult {
  /**
   * "exhausted": from this start nothing more can be found, and the values are eigenvalues to rounding; of one that the
   * matrix has several times, one is found.
   */
  readonly stopped: "finished" | "exhausted" | "interrupted";
  /** Products taken. */
  readonly steps: number;
  /** Ascending, one for each step. */
  readonly values: readonly RitzValue[];
  /** Undefined before the first step. The ends of the spectrum are found first. */
  readonly smallest: RitzValue | undefined;
  readonly largest: RitzValue | undefined;
  /** The direction that belongs to values[index]: [P], of length 1, the knobs counted tensor after tensor, each row-major. */
  vector(index: number): Float64Array;
}

/**
 * The ends of a symmetric matrix's spectrum from its products alone, by Lanczos' method in float64 with full
 * reorthogonalisation: k products and k vectors of memory, never the matrix. It changes no knob, and looks at the matrix at
 * their present values.
 *
 *     const knobs = nn.knobsOf(net);
 *     const { largest } = await lanczos((v) => hvp(loss, knobs, v), knobs);
 *
 * Each Ritz value comes with its residual |A y - value y|, within which an eigenvalue lies (Parlett, The Symmetric
 * Eigenvalue Problem, 1998, section 13.2). Products in float32 know eigenvalues to about 1e-7 of the largest.
 *
 * @param product  of the matrix with a vector of the form of `wrt`; returns the same form. `hvp`, `gaussNewtonProduct`,
 *                 `fisherProduct`, or your own; it must be symmetric
 * @param wrt      a tensor, or a list or record of them, of one float type
 * @throws `matrix.price` when k vectors do not fit this machine, `spectrum.nonfinite` (exit code 1), `input.missing`,
 *         `spectrum.size`, `spectrum.steps`, `matrix.dtype`, `matrix.twice`
 */
export async function lanczos<S extends Structure>(
  product: (vector: Same<S>) => Same<S>,
  wrt: S,
  options: LanczosOptions = {},
): Promise<LanczosResult> {
  const { seed = 0, backend, signal, onProgress } = options;
  wholeFrom1("lanczos", "steps", options.steps ?? 50);
  const operator = operatorOf("lanczos", product, wrt, backend);
  const steps = Math.min(options.steps ?? 50, operator.size);
  affordVectors("lanczos", steps, operator.size);
  const began = performance.now();
  const found = await krylov(operator, normal(operator.size, seed, "lanczos"), steps, async (done) => {
    const each = (performance.now() - began) / 1000 / Math.max(done, 1);
    onProgress?.({ step: done, steps, secondsLeft: done === 0 ? Number.POSITIVE_INFINITY : each * (steps - done) });
    await handleEvents();
    return !signal?.aborted;
  });
  const k = found.vectors.length;
  const { values, vectors } = tridiagonalEigen(found.diagonal, found.beside);
  const ritz = Array.from(values, (value, i) => ({ value, bound: Math.abs(found.rest * vectors[i * k + k - 1]) }));
  return {
    stopped: found.exhausted ? "exhausted" : k < steps ? "interrupted" : "finished",
    steps: k,
    values: ritz,
    smallest: ritz[0],
    largest: ritz.at(-1),
    vector: (index) => {
      const y = new Float64Array(operator.size);
      for (const [j, v] of found.vectors.entries()) {
        const share = vectors[index * k + j];
        for (let i = 0; i < y.length; i++) y[i] += share * v[i];
      }
      return y;
    },
  };
}

/** Normal numbers from stream `index` of `seed`. */
export function normal(size: number, seed: number, use: Use, index = 0): Float64Array {
  const random = new Stream(seed, use, index);
  return Float64Array.from({ length: size }, () => random.normal());
}
