import { type Tensor, where } from "../../tensor/tensor.ts";

/** Where a line search stands: two ends of an interval, and the trial between or beyond them. All scalars. */
export interface Interval {
  /** The trial: how far, with which loss and slope. The loss may be infinite. */
  readonly step: Tensor;
  readonly loss: Tensor;
  readonly slope: Tensor;
  /** The best point so far. */
  readonly low: Tensor;
  readonly lowLoss: Tensor;
  readonly lowSlope: Tensor;
  readonly other: Tensor;
  readonly otherLoss: Tensor;
  readonly otherSlope: Tensor;
  /** Whether a minimum lies between the two (bool). */
  readonly bracketed: Tensor;
  /** Bounds of the next trial. */
  readonly least: Tensor;
  readonly most: Tensor;
}

/**
 * The next trial of More and Thuente's line search, and the interval without this one (ACM Trans. Math. Softw. 20, 286,
 * 1994, section 4; MINPACK-2's dcstep): the minimum of the cubic through both losses and slopes, of the parabola through
 * one loss less, or between them, whichever is safe.
 */
export function choose(c: Interval): Omit<Interval, "least" | "most" | "loss" | "slope"> {
  const { step, loss, slope, low, lowLoss, lowSlope, other, otherLoss, otherSlope, bracketed } = c;
  const higher = loss.gt(lowLoss);
  const crossed = slope.mul(lowSlope.sign()).lt(0);
  const flatter = slope.abs().lt(lowSlope.abs());
  const span = step.sub(low);
  const forward = span.gt(0);

  // Shared by the cubics through `low` and the trial.
  const theta = lowLoss.sub(loss).mul(3).div(span).add(lowSlope).add(slope);
  const root = cubicRoot(theta, lowSlope, slope);

  // 1. The loss is higher: a minimum lies between.
  const back = where(forward, root, root.neg());
  const r1 = back.sub(lowSlope).add(theta).div(back.sub(lowSlope).add(back).add(slope));
  const cubic1 = low.add(r1.mul(span));
  const parabola = lowSlope.div(lowLoss.sub(loss).div(span).add(lowSlope)).mul(0.5);
  const quadratic1 = low.add(parabola.mul(span));
  const nearer = cubic1.sub(low).abs().lt(quadratic1.sub(low).abs());
  const step1 = where(nearer, cubic1, cubic1.add(quadratic1.sub(cubic1).mul(0.5)));

  // 2. The slope has changed sign: a minimum lies between.
  const ahead = where(forward, root.neg(), root);
  const numerator = ahead.sub(slope).add(theta);
  const toLow = low.sub(step);
  const secant = step.add(slope.div(slope.sub(lowSlope)).mul(toLow));
  const r2 = numerator.div(ahead.sub(slope).add(ahead).add(lowSlope));
  const cubic2 = step.add(r2.mul(toLow));
  const fromStep = (x: Tensor) => x.sub(step).abs();
  const step2 = where(fromStep(cubic2).gt(fromStep(secant)), cubic2, secant);

  // 3. Lower, the same way down, and flatter: the minimum lies beyond, if the cubic has one there.
  const r3 = numerator.div(ahead.add(lowSlope.sub(slope)).add(ahead));
  const edge = where(forward, c.most, c.least);
  const cubic3 = where(r3.lt(0).and(root.ne(0)), step.add(r3.mul(toLow)), edge);
  const inside = where(fromStep(cubic3).lt(fromStep(secant)), cubic3, secant);
  const limit = step.add(other.sub(step).mul(0.66));
  const within = where(forward, limit.minimum(inside), limit.maximum(inside));
  const outside = where(fromStep(cubic3).gt(fromStep(secant)), cubic3, secant).clip(c.least, c.most);
  const step3 = where(bracketed, within, outside);

  // 4. Lower and as steep: as far as allowed, or the cubic through the trial and the other end.
  const toOther = other.sub(step);
  const theta4 = loss.sub(otherLoss).mul(3).div(toOther).add(otherSlope).add(slope);
  const root4 = cubicRoot(theta4, otherSlope, slope);
  const gamma4 = where(step.gt(other), root4.neg(), root4);
  const r4 = gamma4.sub(slope).add(theta4).div(gamma4.sub(slope).add(gamma4).add(otherSlope));
  const step4 = where(bracketed, step.add(r4.mul(toOther)), edge);

  const wanted = where(higher, step1, where(crossed, step2, where(flatter, step3, step4)));
  // Where an end is infinite no curve goes through it: halve.
  const middle = step.add(where(higher, low, other)).mul(0.5);
  const next = where(wanted.abs().lt(Number.POSITIVE_INFINITY), wanted, middle);

  const pick = (trial: Tensor, best: Tensor, rest: Tensor) => where(higher, trial, where(crossed, best, rest));
  return {
    step: next,
    bracketed: bracketed.or(higher).or(crossed),
    other: pick(step, low, other),
    otherLoss: pick(loss, lowLoss, otherLoss),
    otherSlope: pick(slope, lowSlope, otherSlope),
    low: where(higher, low, step),
    lowLoss: where(higher, lowLoss, loss),
    lowSlope: where(higher, lowSlope, slope),
  };
}

/** sqrt(theta^2 - a b), 0 where that is negative, without overflow. */
function cubicRoot(theta: Tensor, a: Tensor, b: Tensor): Tensor {
  const s = theta.abs().maximum(a.abs()).maximum(b.abs());
  const t = theta.div(s);
  return t
    .mul(t)
    .sub(a.div(s).mul(b.div(s)))
    .maximum(0)
    .sqrt()
    .mul(s);
}
