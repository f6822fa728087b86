import type { Method } from "../methods/method.ts";

/** How gradients come back through a solution. */
export type Adjoint = Direct | Backsolve | Forward;

export interface Direct {
  readonly kind: "direct";
  readonly checkpoints: number | undefined;
}

export interface Backsolve {
  readonly kind: "backsolve";
  readonly rtol?: number;
  readonly atol?: number;
  readonly method?: Method;
  readonly maxSteps?: number;
}

export interface Forward {
  readonly kind: "forward";
}

/**
 * Back through the steps that were taken: the exact derivative of what was computed, and the default. Of each step only its
 * start is kept, and the step is computed again. With `checkpoints`, only so many states along the way are kept, and the
 * steps between two of them are taken again: memory for `checkpoints` states and maxSteps / `checkpoints` starts, for one
 * more forward pass. About the square root of maxSteps takes least.
 *
 * Steps are as long as the solution's own error allows. Where it is at rest, so that they grow without bound, its derivative is not:
 * d y(100) / d y0 of y' = -y at y0 = 0 comes out huge. `forward` bounds steps by the derivatives too; or give `maxStep`.
 */
export function direct({ checkpoints }: { checkpoints?: number } = {}): Direct {
  return { kind: "direct", checkpoints };
}

/**
 * The adjoint equation, solved backwards from the last time to the first along with the state, which starts anew at every
 * wanted time (Chen et al., arXiv:1806.07366): memory for the wanted states alone, however many steps. The gradient is as
 * exact as its own tolerance, which is the solution's unless given; where the equation damps, its way back grows, and
 * `direct` is better. Steps back are bounded by the adjoint's error as well, those of the solution by its own alone.
 */
export function backsolve(options: Omit<Backsolve, "kind"> = {}): Backsolve {
  return { kind: "backsolve", ...options };
}

/**
 * Sensitivities that go forward with the solution, one for each number that a gradient is asked for of, and at most 64: for few parameters.
 * Their errors bound the steps as the solution's does (of steps that are not fixed), to the same tolerances in their own units, so
 * that they are right where the solution is at rest too. The solution itself is the same as without.
 */
export function forward(): Forward {
  return { kind: "forward" };
}
