import {
  bounded,
  type Constraint,
  type Frozen,
  frozenAt,
  indexAt,
  tied,
  unconstrained,
} from "../../graph/constraint.ts";
import { isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import { describeOrigin } from "../../graph/origin.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { smallestNormal } from "../../graph/round.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { weightOf } from "../../tensor/parameter.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { presentConstraint, putUnder } from "./constrained.ts";
import { type Entries, type EntryIndex, entriesOf } from "./entries.ts";
import type { Pattern } from "./patterns.ts";

/**
 * Ties entries of a weight: from now on they are one knob, which is counted, stored and trained once, and whose gradient
 * is the sum of theirs. The layer that holds the weight sees it from its next call on; constrain a model before you build
 * its loss. Constraints of one weight add up, in any order.
 *
 * The knob begins with the first entry's value.
 *
 * @param weight  a tensor made by `parameter`, such as `net.children[0].parameters.weight`
 * @param what    entries that become one knob, `[[0, 3], [1, 3]]`; or a pattern: a function from an entry's index to a key,
 *                where equal keys share a knob, such as `([i, j]) => j - i`, `nn.toeplitz` or `nn.blockEqual(2, 2)`
 * @returns       the weight
 * @throws `constraint.weight` for another tensor, `constraint.entry` for an entry that it does not have,
 *         `constraint.pattern` for a pattern that does not fit; `constraint.bounds`, `constraint.frozen` and
 *         `constraint.value` when what is tied cannot be one number
 */
export function tie(weight: Tensor, what: readonly EntryIndex[] | Pattern): Tensor {
  return constrain("tie", weight, (c) => tied(c, keysOf(c.shape, what)));
}

/**
 * Freezes entries of a weight, and with them all that are tied to them: no gradient reaches them. They are counted as
 * frozen, and stored apart.
 *
 * @param weight   a tensor made by `parameter`
 * @param entries  `[[0, 0], [2, 1]]`, a function of an entry's index, or "all" (default)
 * @param value    one for all, or one for each of the listed entries, or a function from an entry's index to its value.
 *                 Without it they stay at what they are; `initialize` leaves them there, unless they had not been drawn or
 *                 written the weight before: then they are what it draws
 * @returns        the weight
 * @throws `constraint.weight`, `constraint.entry`, `constraint.value` when the value is no number or lies outside bounds,
 *         `constraint.frozen` when an entry is frozen at another value
 */
export function freeze(
  weight: Tensor,
  entries: Entries = "all",
  value?: number | readonly number[] | ((index: number[], shape: Shape) => number),
): Tensor {
  return constrain("freeze", weight, (c, parameter) => {
    const chosen = entriesOf("freeze", c.shape, entries);
    if (Array.isArray(value) && value.length !== chosen.length) {
      throw new PondusError(
        "constraint.value",
        `freeze: ${chosen.length} entries take as many values (or one for all), but ${value.length} came.`,
      );
    }
    const given = new Map<number, number>();
    if (value !== undefined) {
      chosen.forEach((entry, k) => {
        const of = typeof value === "function" ? value(indexAt(c.shape, entry), c.shape) : value;
        given.set(entry, typeof of === "number" ? of : of[k]);
      });
    }
    const isNew = parameter.source === "none";
    const now = isNew ? undefined : parameter.read();
    return frozenAt(c, chosen, (entry, group): Frozen => {
      const stated = given.get(entry);
      if (stated !== undefined) return { value: stated, from: "given" };
      if (group.frozen) return group.frozen;
      return now ? { value: now[entry], from: "kept" } : { value: Number.NaN, from: "drawn" };
    });
  });
}

/**
 * Holds entries of a weight to an interval, ends included, and with them all that are tied to them. What is trained is a
 * number without bounds, from which the entry follows smoothly: lower + (upper - lower) sigmoid(x), or
 * lower + softplus(x) where there is one bound; rounding never leaves the interval. Weight decay draws that number to 0:
 * to the middle of an interval.
 *
 * Entries keep their values to rounding; one on a bound begins just inside it. Values that chance chose are brought inside.
 *
 * @param weight    a tensor made by `parameter`
 * @param interval  `[lower, upper]`, either of which may be infinite
 * @param entries   `[[0, 0], [2, 1]]`, a function of an entry's index, or "all" (default)
 * @returns         the weight
 * @throws `constraint.weight`, `constraint.entry`, `constraint.bounds` when no number is left, `constraint.value` when an
 *         entry that was written, trained or frozen lies outside
 */
export function bound(weight: Tensor, interval: readonly [number, number], entries: Entries = "all"): Tensor {
  return constrain("bound", weight, (c) => bounded(c, entriesOf("bound", c.shape, entries), interval[0], interval[1]));
}

/** Holds entries of a weight above 0: `bound` to what is no smaller than the smallest number of full precision. */
export function positive(weight: Tensor, entries: Entries = "all"): Tensor {
  return bound(weight, [smallestNormal(weight.dtype), Number.POSITIVE_INFINITY], entries);
}

/** A group of entries that are one number. */
export interface EntryGroup {
  readonly entries: readonly (readonly number[])[];
  readonly lower: number;
  readonly upper: number;
  /** Its value, when it is frozen. */
  readonly frozen?: number;
}

export interface WeightConstraint {
  readonly shape: Shape;
  /** The free numbers, [knobs], before they are brought inside their bounds; undefined when there are none. */
  readonly knobs: Tensor | undefined;
  /** The frozen numbers, [frozen], or of the weight's shape where all is frozen apart. */
  readonly frozen: Tensor | undefined;
  /** Which entries share a knob, in the order of first entries. */
  readonly groups: readonly EntryGroup[];
}

/**
 * How a weight's entries hang together; undefined when they are free.
 *
 * @throws `constraint.weight` when `weight` was not made by `parameter`
 */
export function constraintOf(weight: Tensor): WeightConstraint | undefined {
  const { constrained } = parameterUnder("constraintOf", weight);
  if (!constrained) return undefined;
  const { constraint, knobs, frozen } = constrained;
  const { shape, groups, groupOf } = presentConstraint(constrained);
  const entries: number[][][] = groups.map(() => []);
  groupOf.forEach((g, entry) => {
    entries[g].push(indexAt(shape, entry));
  });
  const held = frozen?.read() ?? [];
  let next = 0;
  const leaf = (p: Parameter | undefined) => p && new Tensor(make("parameter", [], { parameter: p }));
  return {
    shape: constraint.shape,
    knobs: leaf(knobs),
    frozen: leaf(frozen),
    groups: groups.map(({ lower, upper, frozen }, g) => ({
      entries: entries[g],
      lower,
      upper,
      ...(frozen ? { frozen: held[next++] } : {}),
    })),
  };
}

function constrain(
  doing: string,
  weight: Tensor,
  edit: (constraint: Constraint, parameter: Parameter) => Constraint,
): Tensor {
  const parameter = parameterUnder(doing, weight);
  if (!isFloat(parameter.dtype)) {
    throw new PondusError(
      "constraint.weight",
      `${doing}: ${parameter.name} is ${parameter.dtype}; only floats are trained.`,
    );
  }
  const now = parameter.constrained;
  const before = now ? presentConstraint(now) : unconstrained(parameter.shape, parameter.dtype);
  const after = edit(before, parameter);
  const binds = after.groups.length < after.groupOf.length || after.groups.some(isBound);
  if (now || binds) putUnder(parameter, after);
  return weight;
}

const isBound = ({ lower, upper, frozen }: Constraint["groups"][number]) =>
  frozen !== undefined || Number.isFinite(lower) || Number.isFinite(upper);

function parameterUnder(doing: string, weight: Tensor): Parameter {
  const parameter = weight instanceof Tensor ? weightOf(weight) : undefined;
  if (parameter) return parameter;
  const came =
    weight instanceof Tensor
      ? `${formatShape(weight.shape)} computed by ${weight.node.op}${describeOrigin(weight.node.origin)}`
      : `a ${typeof weight}`;
  throw new PondusError(
    "constraint.weight",
    `${doing}: expected a weight made by parameter(), such as net.children[0].parameters.weight, but ${came} came.`,
  );
}

/** Keys of a pattern as numbers. */
function keysOf(shape: Shape, what: readonly EntryIndex[] | Pattern): Int32Array {
  const size = shape.reduce((n, m) => n * m, 1);
  const keys = new Int32Array(size).fill(-1);
  if (typeof what !== "function") {
    for (const entry of entriesOf("tie", shape, what)) keys[entry] = 0;
    return keys;
  }
  const numbers = new Map<number | string, number>();
  for (let entry = 0; entry < size; entry++) {
    const key = what(indexAt(shape, entry), shape);
    if (key === undefined) continue;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    keys[entry] = numbers.get(key) as number;
  }
  return keys;
}
