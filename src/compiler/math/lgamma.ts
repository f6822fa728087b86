import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { top } from "./floats/double-length.ts";
import { polynomial } from "./floats/float-bits.ts";
import { logInParts } from "./precise-logarithm.ts";
import { sinCosPi } from "./sine-of-pi.ts";

/** lgamma x = (x - 1) (x - 2) P(x - 2), 1 <= x < 3 (test/fixtures/special_coefficients.py). */
export const lgammaNear = [
  0.42278433509846713, -0.1003173016743539, 0.03296500062115573, -0.01238419219337437, 0.004998641164704101,
  -0.0021081308338285524, 0.0009153769220549029, -0.0004057073999485948, 0.00018255264205491748, -8.309509985291049e-5,
  3.8168862185522403e-5, -1.7661856031953705e-5, 8.222350805317963e-6, -3.8465120527340985e-6, 1.80744799808891e-6,
  -8.554875773896402e-7, 4.055919530607168e-7, -1.861206102927318e-7, 8.740995119555719e-8, -5.2052868969150005e-8,
  2.63078766426605e-8, -7.735572493851203e-10, -8.109816093800852e-10, -8.959185408636569e-9, 4.95555983255636e-9,
  2.471823069115538e-9, -1.3988464562975705e-9, -8.193608455585101e-10, 4.258143680501681e-10,
];
/** From 3 on, Stirling's formula and P(1 / x^2) / x. */
export const lgammaFar = [
  0.08333333333333313, -0.0027777777776089706, 0.0007936507513050193, -0.0005952331617258275, 0.0008414270973575661,
  -0.0019042324861796183, 0.006044954340800422, -0.022475916690724084, 0.07744982174876647, -0.19168013173455425,
  0.23555059136501844,
];

/** (log(2 pi) - 1) / 2. */
const stirling = 0.4189385332046727;

/**
 * log |gamma x|. Of a negative number by the reflection gamma(-a) gamma(1 + a) = -pi / sin(pi a); there it has zeros, near which the
 * error is a few units in the last place of the terms whose sum it is.
 */
export function lgamma(b: Builder, x: Value): Value {
  const [zero, one] = [b.like(x, 0), b.like(x, 1)];
  const infinity = b.like(x, Number.POSITIVE_INFINITY);
  const a = b.op("abs", x);
  const below = b.op("lt", a, one);
  // Below 1, gamma a = gamma(1 + a) / a.
  const [first, second] = [b.select(below, a, b.op("sub", a, one)), b.op("sub", a, b.select(below, one, b.like(x, 2)))];
  // Adding zero takes the sign off a negative zero, at 1.
  const near = b.op("fma", b.op("mul", first, second), polynomial(b, second, lgammaNear), zero);
  const [log, logRest] = logInParts(b, [a, zero]);
  // (a - 1/2) (log a - 1), the larger part of which is exact.
  const shifted = b.op("sub", a, b.like(x, 0.5));
  const [p, q] = [top(b, shifted), top(b, b.op("sub", log, one))];
  const rest = b.op("add", b.op("sub", b.op("sub", log, one), q), logRest);
  const small = b.op("add", b.op("mul", b.op("sub", shifted, p), q), b.op("mul", shifted, rest));
  const inverse = b.op("div", one, a);
  const series = b.op("mul", inverse, polynomial(b, b.op("mul", inverse, inverse), lgammaFar));
  const tail = b.op("add", b.like(x, stirling), series);
  const far = b.op("add", b.op("mul", p, q), b.op("add", small, tail));
  const isFar = b.op("le", b.like(x, 3), a);
  const here = b.select(isFar, far, near);
  const positive = b.select(below, b.op("sub", b.op("sub", near, logRest), log), here);
  // Of a negative number: log(pi / |sin(pi a)|) - log gamma(1 + a).
  const { sin } = sinCosPi(b, a);
  const factor = b.op("mul", b.op("mul", b.op("abs", sin), b.like(x, 1 / Math.PI)), b.select(below, one, a));
  const [mirror, mirrorRest] = logInParts(b, [factor, zero]);
  const negative = b.op("sub", b.op("neg", b.op("add", mirror, here)), mirrorRest);
  const isNegative = b.op("lt", x, zero);
  const pole = b.op("or", b.op("eq", a, zero), b.op("and", isNegative, b.op("eq", sin, zero)));
  const y = b.select(pole, infinity, b.select(isNegative, negative, positive));
  return b.select(b.op("eq", a, infinity), infinity, y);
}
