import type { Group } from "../../graph/constraint.ts";
import type { DType } from "../../graph/dtype.ts";
import { epsilon, rounded } from "../../graph/round.ts";
import { tensor } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";

/**
 * Smooth maps from all numbers to those between bounds, so that any optimizer may move a bounded knob as it likes:
 * lower + (upper - lower) sigmoid(x) for an interval, lower + softplus(x) and upper - softplus(x) for one bound. What
 * rounding would put outside is put on the bound.
 */
type Bounds = Pick<Group, "lower" | "upper">;

const kinds = ["free", "interval", "lower", "upper"] as const;
type Kind = (typeof kinds)[number];

function kindOf({ lower, upper }: Bounds): Kind {
  const [below, above] = [Number.isFinite(lower), Number.isFinite(upper)];
  return below && above ? "interval" : below ? "lower" : above ? "upper" : "free";
}

/** What a knob at `x` gives. */
export function inside(x: number, bounds: Bounds, dtype: DType): number {
  const { lower, upper } = bounds;
  const y = {
    free: () => x,
    interval: () => lower + (upper - lower) / (1 + Math.exp(-x)),
    lower: () => lower + softplus(x),
    upper: () => upper - softplus(x),
  }[kindOf(bounds)]();
  return Math.min(Math.max(rounded(y, dtype), lower), upper);
}

/**
 * Where a knob must stand to give `value`, which lies between its bounds. No knob reaches a bound itself: such a value is
 * put inside by a share of 2^-23 of the interval (2^-52 in float64), or by that number where there is one bound.
 */
export function outside(value: number, bounds: Bounds, dtype: DType): number {
  const { lower, upper } = bounds;
  const margin = epsilon(dtype);
  const off = (distance: number) => inverseSoftplus(distance > 0 ? distance : margin);
  const between = () => {
    const width = upper - lower;
    const share = (distance: number) => (distance > 0 ? distance : margin * width);
    return Math.log(share(value - lower)) - Math.log(share(upper - value));
  };
  const x = {
    free: () => value,
    interval: between,
    lower: () => off(value - lower),
    upper: () => off(upper - value),
  }[kindOf(bounds)]();
  return rounded(x, dtype);
}

/** The map of `inside`, for all knobs at once: [knobs] to [knobs]. */
export function insideOf(x: Tensor, bounds: readonly Bounds[]): Tensor {
  const kindsHere = bounds.map(kindOf);
  const present = kinds.filter((kind) => kindsHere.includes(kind));
  /** A number for each knob; where the kind is another one, any that does no harm. */
  const each = (kind: Kind, f: (b: Bounds) => number) => {
    return listed(
      bounds.map((b, i) => (kindsHere[i] === kind ? f(b) : 0)),
      x,
    );
  };
  const maps: Readonly<Record<Kind, () => Tensor>> = {
    free: () => x,
    interval: () =>
      x
        .sigmoid()
        .mul(each("interval", (b) => b.upper - b.lower))
        .add(each("interval", (b) => b.lower)),
    lower: () => x.softplus().add(each("lower", (b) => b.lower)),
    upper: () =>
      x
        .softplus()
        .neg()
        .add(each("upper", (b) => b.upper)),
  };
  if (present.length === 1 && present[0] === "free") return x;
  const y = present.slice(1).reduce((rest, kind) => {
    const here = tensor(
      kindsHere.map((k) => (k === kind ? 1 : 0)),
      { dtype: "int32" },
    );
    return where(here.eq(1), maps[kind](), rest);
  }, maps[present[0]]());
  const lower = bounds.some((b) => Number.isFinite(b.lower))
    ? y.maximum(
        listed(
          bounds.map((b) => b.lower),
          x,
        ),
      )
    : y;
  if (bounds.every((b) => b.upper === Number.POSITIVE_INFINITY)) return lower;
  return lower.minimum(
    listed(
      bounds.map((b) => b.upper),
      x,
    ),
  );
}

/** One number when they are all the same. */
function listed(values: readonly number[], like: Tensor): Tensor | number {
  return values.every((v) => v === values[0]) ? values[0] : tensor(values, { dtype: like.dtype });
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** log(exp(y) - 1) for y > 0. */
const inverseSoftplus = (y: number) => (y > 20 ? y + Math.log1p(-Math.exp(-y)) : Math.log(Math.expm1(y)));
