import { PondusError } from "../graph/errors.ts";
import { full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";

/**
 * The rate at a step: from the number of steps taken before (a scalar, 0 at first; the optimizer passes it as a float of
 * the parameters' type) to a scalar.
 */
export type Schedule = (step: Tensor) => Tensor;

/** Schedules compute in floats: a step that was counted in whole numbers becomes float32. */
const real = (step: Tensor): Tensor => (step.dtype === "int32" ? step.cast("float32") : step);

function whole(what: string, name: string, n: number, least: number): void {
  if (Number.isInteger(n) && n >= least) return;
  throw new PondusError("optim.option", `${what}: ${name} must be a whole number from ${least}, but ${n} came.`);
}

/** Always `value`. */
export function constant(value: number): Schedule {
  return (step) => full([], value, real(step).dtype);
}

/** A straight line from `initial` to `final` over `steps` steps, which begins after `delay` (optax.linear_schedule). */
export function linear(options: { initial: number; final: number; steps: number; delay?: number }): Schedule {
  const { initial, final, steps, delay = 0 } = options;
  whole("linear", "steps", steps, 1);
  whole("linear", "delay", delay, 0);
  return (step) => {
    const left = real(step).sub(delay).clip(0, steps).div(-steps).add(1);
    return left.mul(initial - final).add(final);
  };
}

/**
 * Half a cosine from `initial` down to `floor` times `initial` over `steps` steps, then constant
 * (Loshchilov & Hutter, ICLR 2017; optax.cosine_decay_schedule, where `floor` is called alpha).
 */
export function cosine(options: { initial: number; steps: number; floor?: number }): Schedule {
  const { initial, steps, floor = 0 } = options;
  whole("cosine", "steps", steps, 1);
  return halfCosine(initial, floor * initial, steps);
}

function halfCosine(initial: number, final: number, steps: number): Schedule {
  return (step) => {
    const wave = real(step)
      .minimum(steps)
      .mul(Math.PI / steps)
      .cos()
      .add(1)
      .mul(0.5);
    return wave.mul(initial - final).add(final);
  };
}

/**
 * `initial` times `decay` every `steps` steps, smoothly or, with `staircase`, at once (optax.exponential_decay).
 */
export function exponential(options: { initial: number; decay: number; steps: number; staircase?: boolean }): Schedule {
  const { initial, decay, steps, staircase = false } = options;
  whole("exponential", "steps", steps, 1);
  if (!(decay > 0)) {
    throw new PondusError("optim.option", `exponential: decay must be positive, but ${decay} came.`);
  }
  return (step) => {
    const times = real(step).div(steps);
    return (staircase ? times.floor() : times).mul(Math.log(decay)).exp().mul(initial);
  };
}

/**
 * A straight line from `initial` to `peak` over `warmup` steps, then half a cosine down to `final` at step `steps`, which
 * counts the warm-up too (optax.warmup_cosine_decay_schedule).
 */
export function warmupCosine(options: {
  initial?: number;
  peak: number;
  warmup: number;
  steps: number;
  final?: number;
}): Schedule {
  const { initial = 0, peak, warmup, steps, final = 0 } = options;
  whole("warmupCosine", "warmup", warmup, 1);
  whole("warmupCosine", "steps", steps, warmup + 1);
  const up = linear({ initial, final: peak, steps: warmup });
  const down = halfCosine(peak, final, steps - warmup);
  return (step) => where(real(step).lt(warmup), up(step), down(real(step).sub(warmup)));
}

/** `initial`, multiplied by each scale from its step on (optax.piecewise_constant_schedule). */
export function piecewise(options: { initial: number; scales: Readonly<Record<number, number>> }): Schedule {
  const scales = Object.entries(options.scales).map(([at, scale]) => [Number(at), scale] as const);
  for (const [at] of scales) whole("piecewise", "each step", at, 0);
  return (step) =>
    scales.reduce(
      (rate, [at, scale]) => where(real(step).ge(at), rate.mul(scale), rate),
      constant(options.initial)(step),
    );
}
