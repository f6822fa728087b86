import { optimizerFor } from "../../experiment/minimize.ts";
import type { Session, System } from "../../experiment/system.ts";
import { initialize, type Model } from "../../nn/model.ts";
import * as optim from "../../optim/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { secondOrderPrice } from "../../transforms/matrices/price.ts";

/** The optimizers that are compared, from the one that holds least. */
export const methods = ["descent", "adam", "lbfgs", "newton", "natural", "lm"] as const;
export type Method = (typeof methods)[number];

/** Step sizes to try; each falls to 0 along half a cosine. */
const rates = { descent: [0.03, 0.1, 0.3, 1], adam: [2e-3, 7e-3, 2e-2, 6e-2] } as const;

export interface Problem {
  readonly name: string;
  readonly model: Model;
  /** Its loss is their mean square. */
  readonly residuals: Tensor;
  /** How many steps each method gets; gradient descent as many as Adam. */
  readonly budgets: System["optimizers"];
  /** Of them all, which share is taken (default 1). */
  readonly share?: number;
  /** How strongly "lm" holds its first step back. */
  readonly damping?: number;
}

/** One training: what it came to, and at what price. */
export interface Race {
  readonly method: Method;
  /** Of those that know the slope alone: the step size that came to the lowest loss of those that were tried. */
  readonly learningRate?: number;
  /** The races by all step sizes. */
  readonly tried?: readonly Race[];
  readonly steps: number;
  /** The lowest on the way. */
  readonly loss: number;
  /** In steps, without compiling. */
  readonly seconds: number;
  /** What the method holds beside the knobs. */
  readonly bytes: number;
  /** The losses on the way, each with the step and with what it had cost to come there, in gradients. */
  readonly way: readonly { readonly step: number; readonly cost: number; readonly loss: number }[];
}

/**
 * Trains one model by every method, from the same first weights; it keeps the last one's. Of the methods with a step
 * size the best race counts, and what it cost to find it is left out.
 */
export async function race(session: Session, problem: Problem): Promise<Race[]> {
  const races: Race[] = [];
  for (const method of methods) {
    const tried: Race[] = [];
    for (const rate of method === "descent" || method === "adam" ? rates[method] : [undefined]) {
      tried.push(await run(session, problem, method, rate));
    }
    const best = tried.reduce((least, r) => (r.loss < least.loss ? r : least));
    races.push({ ...best, ...(tried.length > 1 && { tried }) });
  }
  return races;
}

async function run(session: Session, problem: Problem, method: Method, rate = 0): Promise<Race> {
  const { model, residuals, budgets = {}, share = 1, damping } = problem;
  initialize(model, session.seed);
  const budget = budgets[method === "descent" ? "adam" : method]?.steps ?? session.steps;
  const steps = Math.max(1, Math.round(share * budget));
  const name = [problem.name, method, ...(rate > 0 ? [rate] : [])].join("-");
  const slope = { learningRate: optim.schedules.cosine({ initial: rate, steps }), clip: optim.clipByGlobalNorm(1) };
  const result =
    method === "lm"
      ? await session.leastSquares(name, { residuals, steps, damping })
      : await session.fit(name, {
          loss: residuals.square().mean(),
          optimizer: method === "descent" ? optim.sgd(slope) : optimizerFor(method, residuals, () => optim.adam(slope)),
          steps,
          recordEvery: Math.ceil(steps / 500),
        });
  const way = result.history.map((r) => ({ step: r.step, loss: r.loss, cost: r.gradientEquivalents ?? r.step }));
  return {
    method,
    ...(rate > 0 && { learningRate: rate }),
    steps: result.steps,
    loss: way.reduce((least, r) => Math.min(least, r.loss), result.loss),
    seconds: result.stepping,
    bytes: heldBy(method, result.knobs, residuals.size),
    way,
  };
}

/**
 * Bytes in float64 that a method holds beside the knobs: by `secondOrderPrice`, and for Levenberg-Marquardt the matrix
 * of the normal equations, or, with fewer residuals than knobs, their Jacobian and its small square.
 */
export function heldBy(method: Method, knobs: number, residuals = knobs): number {
  const price = secondOrderPrice(knobs);
  if (method === "lm") return residuals < knobs ? 8 * residuals * (knobs + residuals) : price.float64Bytes;
  const names: Partial<Record<Method, string>> = { descent: "gradient descent", adam: "Adam", lbfgs: "L-BFGS" };
  const name = names[method] ?? "Hessian-vector product";
  return price.alternatives.find((a) => a.method === name)?.bytes as number;
}

/** What it cost a method to come to a loss, in gradients; undefined where it never did. */
export function costOf({ way }: Race, loss: number): number | undefined {
  return way.find((r) => r.loss <= loss)?.cost;
}
