import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { addAny, type Double, multiply, top } from "./floats/double-length.ts";
import {
  bitsOf,
  floatOf,
  isSingle,
  keepZero,
  layoutOf,
  nearest,
  polynomial,
  wholeType,
  withSign,
} from "./floats/float-bits.ts";
import { coefficientsFor } from "./floats/minimax.ts";
import { twoOverPi } from "./floats/two-over-pi.ts";

/**
 * How x = k pi/2 + r is found. For usual x, pi/2 comes in parts of which all but the last have so few bits that k times
 * each is exact (Cody & Waite); what those round off is too much where |r| < `cancels` |x|. There, and from `large` on,
 * 2/pi comes in parts (Payne & Hanek), times 2^`scale` so that neither they nor x leave the range.
 */
const reductions = {
  single: {
    halfPi: [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8],
    large: 10_000,
    cancels: 2 ** -16,
    parts: twoOverPi(12, 16, 70),
    scale: 70,
    pi2: [1.5707963705062866, -4.371138828673793e-8],
  },
  double: {
    halfPi: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21],
    large: 1_000_000,
    cancels: 2 ** -40,
    parts: twoOverPi(24, 48, 500),
    scale: 500,
    pi2: [1.5707963267948966, 6.123233995736766e-17],
  },
};

/** x = k pi/2 + r, |r| <= pi/4, and r comes in two parts. In `quadrant` k + `quarter` stands in the lowest bits. */
interface Reduced {
  readonly r: Double;
  readonly quadrant: Value;
}

function reduce(b: Builder, x: Value, quarter: 0 | 1): Reduced {
  const { halfPi, large, cancels } = reductions[isSingle(x) ? "single" : "double"];
  const { k, shifted } = nearest(b, x, 2 / Math.PI, quarter);
  const less = (y: Value, part: number) => b.op("fma", k, b.like(x, -part), y);
  const high = less(less(x, halfPi[0]), halfPi[1]);
  const low = b.op("mul", k, b.like(x, -halfPi[2]));
  const size = b.op("abs", x);
  const isLarge = b.op("lt", b.like(x, large), size);
  const isClose = b.op("lt", b.op("abs", high), b.op("mul", size, b.like(x, cancels)));
  const [r, rest, quadrant] = b.rarely(b.op("or", isLarge, isClose), [high, low, bitsOf(b, shifted)], () => {
    const rare = reduceAny(b, x, quarter);
    return [...rare.r, rare.quadrant];
  });
  return { r: [r, rest], quadrant };
}

/** The same for any x: what is left of x 2/pi when multiples of 4 are taken off each part's product, which is exact. */
function reduceAny(b: Builder, x: Value, quarter: 0 | 1): Reduced {
  const { parts, scale, pi2 } = reductions[isSingle(x) ? "single" : "double"];
  const { fraction } = layoutOf(x);
  const scaled = b.op("mul", b.op("abs", x), b.like(x, 2 ** -scale));
  const leading = top(b, scaled);
  const halves = [leading, b.op("sub", scaled, leading)];
  // Sums of multiples of 2^-a and of 2^-b are exact; the third one takes what is below.
  const steps = isSingle(x) ? [16, 34] : [44, 90];
  const sums = [0, 0, 0].map((zero) => b.variable(b.like(x, zero)));
  b.overTable(x, parts, (part) => {
    for (const half of halves) {
      const product = b.op("mul", half, part);
      // From there on it is a multiple of 4 itself.
      const small = b.select(b.op("lt", product, b.like(x, 2 ** (fraction + 2))), product, b.like(x, 0));
      let rest = b.op("sub", small, multipleOf(b, small, 4));
      steps.forEach((step, i) => {
        const whole = multipleOf(b, rest, 2 ** -step);
        b.assign(sums[i], b.op("add", sums[i], whole));
        rest = b.op("sub", rest, whole);
      });
      b.assign(sums[2], b.op("add", sums[2], rest));
    }
  });
  const [a, c, d] = sums.map((sum) => b.op("mul", sum, withSign(b, b.like(x, 1), x)));
  const { k, shifted } = nearest(b, a, 1, quarter);
  const [f, rest] = addAny(b, b.op("sub", a, k), c);
  const multiples = addAny(b, f, b.op("add", rest, d));
  const [high, low] = multiply(b, multiples, pi2.map((n) => b.like(x, n)) as [Value, Value]);
  // An infinite x has no remainder.
  return { r: [b.op("add", high, b.op("sub", x, x)), low], quadrant: bitsOf(b, shifted) };
}

/** The multiple of a power of two nearest to x. */
function multipleOf(b: Builder, x: Value, unit: number): Value {
  const large = b.like(x, 1.5 * 2 ** layoutOf(x).fraction * unit);
  return b.op("sub", b.op("add", x, large), large);
}

/** sin(x + quarter pi/2). */
function sine(b: Builder, x: Value, quarter: 0 | 1): Value {
  const {
    r: [high, low],
    quadrant,
  } = reduce(b, x, quarter);
  const r = b.op("add", high, low);
  const r2 = b.op("mul", r, r);
  const { sin, cos } = coefficientsFor(x);
  const odd = b.op("add", high, b.op("fma", b.op("mul", r, r2), polynomial(b, r2, sin), low));
  const even = b.op("fma", polynomial(b, r2, [-0.5, ...cos]), r2, b.like(x, 1));
  // 1 and 3 mod 4 take the cosine, 2 and 3 the opposite sign.
  const int = wholeType(x);
  const toTop = (bit: number) => b.op("shl", quadrant, b.constant(int, x.lanes, (int === "int32" ? 31 : 63) - bit));
  const y = b.select(b.op("lt", toTop(0), b.constant(int, x.lanes, 0)), even, odd);
  const sign = b.op("and", toTop(1), bitsOf(b, b.like(x, -0)));
  return floatOf(b, b.op("xor", bitsOf(b, y), sign), x);
}

export function sin(b: Builder, x: Value): Value {
  return keepZero(b, x, sine(b, x, 0));
}

export function cos(b: Builder, x: Value): Value {
  return sine(b, x, 1);
}
