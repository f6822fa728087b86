import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { polynomial } from "./floats/float-bits.ts";
import { logInParts } from "./precise-logarithm.ts";
import { sinCosPi } from "./sine-of-pi.ts";

/** digamma x = (x - root) P(x - 2), 1 <= x < 3 (test/fixtures/special_coefficients.py). */
export const digammaNear = [
  0.7853075386041053, -0.26073895468300146, 0.10899991701762853, -0.049551032917667374, 0.02344730959755414,
  -0.011338432553565878, 0.005552254176406555, -0.0027395728786272703, 0.0013581421118892467, -0.0006753134200640887,
  0.0003364331091822839, -0.00016781483806026416, 8.377520036118598e-5, -4.18478487110932e-5, 2.09103407254791e-5,
  -1.0435861333734359e-5, 5.213838105344637e-6, -2.6456664179461027e-6, 1.3279252310713273e-6, -5.867592447734425e-7,
  2.853733324994755e-7, -2.528487779865611e-7, 1.3506783082149302e-7, 4.564697640655719e-8, -2.9340563712632652e-8,
  -6.679487510924799e-8, 3.6646403598826256e-8, 2.0657797836624633e-8, -1.1291729927845754e-8, -5.488649065497817e-9,
  2.8727212070480623e-9,
];
/** From 3 on, log x - 1 / (2 x) - P(u) u with u = 1 / x^2. */
export const digammaFar = [
  0.08333333333333205, -0.008333333332275426, 0.003968253696678595, -0.0041666329836166785, 0.007573329862259148,
  -0.020980267652429246, 0.07975217978766079, -0.36093979983547875, 1.6143594742094132, -5.891228331475244,
  14.37518535919316, -16.84500570103089,
];
/** Digamma's positive zero, in two parts. */
export const digammaRoot = [1.4616321449683622, 9.549995429965697e-17];

/** B_2, B_4, ... (Bernoulli). */
const bernoulli = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
];

/** The derivative of order `order` of digamma, the slope of lgamma. */
export function polygamma(b: Builder, x: Value, order: number): Value {
  return order === 0 ? digamma(b, x) : derivative(b, x, order);
}

/** Below 0 by the reflection digamma(-a) = digamma(1 + a) + pi cot(pi a). */
function digamma(b: Builder, given: Value): Value {
  const [zero, one] = [b.like(given, 0), b.like(given, 1)];
  const isNegative = b.op("lt", given, zero);
  const x = b.select(isNegative, b.op("sub", one, given), given);
  // Below 1, digamma x = digamma(1 + x) - 1 / x.
  const below = b.op("lt", x, one);
  const t = b.op("sub", x, b.select(below, one, b.like(x, 2)));
  const [root, more] = digammaRoot;
  const moved = b.select(below, b.op("sub", x, b.like(x, root - 1)), b.op("sub", x, b.like(x, root)));
  const near = b.op("mul", b.op("sub", moved, b.like(x, more)), polynomial(b, t, digammaNear));
  const inverse = b.op("div", one, x);
  const [log, rest] = logInParts(b, [x, zero]);
  const u = b.op("mul", inverse, inverse);
  const small = b.op("fma", polynomial(b, u, digammaFar), u, b.op("mul", inverse, b.like(x, 0.5)));
  const far = b.op("sub", log, b.op("sub", small, rest));
  const infinite = b.op("eq", x, b.like(x, Number.POSITIVE_INFINITY));
  const above = b.select(b.op("le", b.like(x, 3), x), b.select(infinite, x, far), near);
  const positive = b.select(below, b.op("sub", near, inverse), above);
  const { sin, cos } = sinCosPi(b, given);
  const mirrored = b.op("sub", positive, b.op("mul", b.like(x, Math.PI), b.op("div", cos, sin)));
  const pole = b.op("eq", sin, zero);
  return b.select(isNegative, b.select(pole, b.like(x, Number.NaN), mirrored), positive);
}

/**
 * (-1)^(n+1) psi_n(x) = (n-1)! / x^n + n! / (2 x^(n+1)) + the sum of B_2k (2k+n-1)! / ((2k)! x^(2k+n)) for large x, n! / x^(n+1) more for
 * each step down to x, and below 0 by the derivatives of pi cot(pi x).
 */
function derivative(b: Builder, given: Value, n: number): Value {
  const [zero, one] = [b.like(given, 0), b.like(given, 1)];
  const isNegative = b.op("lt", given, zero);
  const x = b.select(isNegative, b.op("sub", one, given), given);
  const steps = 10 + 2 * n;
  const isSmall = b.op("lt", x, b.like(x, steps));
  const y = b.select(isSmall, b.op("add", x, b.like(x, steps)), x);
  const inverse = b.op("div", one, y);
  const square = b.op("mul", inverse, inverse);
  // In units of (n-1)!.
  const series = bernoulli.map((number, i) => {
    let factor = number;
    for (let k = 1; k < n; k++) factor *= (2 * i + 2 + k) / k;
    return factor;
  });
  const powers = b.op("fma", polynomial(b, square, series), square, b.op("mul", inverse, b.like(x, n / 2)));
  const at = power(b, inverse, n);
  let sum = b.op("fma", at, powers, at);
  for (let k = steps - 1; k >= 0; k--) {
    const term = b.op("div", b.like(x, n), power(b, k === 0 ? x : b.op("add", x, b.like(x, k)), n + 1));
    sum = b.op("add", sum, b.select(isSmall, term, zero));
  }
  const scale = factorial(n - 1);
  const positive = b.op("mul", sum, b.like(x, n % 2 === 1 ? scale : -scale));
  const { sin, cos } = sinCosPi(b, given);
  const cot = b.op("div", cos, sin);
  const slope = b.op("mul", polynomial(b, cot, cotangentDerivative(n)), b.like(x, Math.PI ** (n + 1)));
  const mirrored = b.op("sub", n % 2 === 0 ? positive : b.op("neg", positive), slope);
  return b.select(isNegative, mirrored, positive);
}

function power(b: Builder, x: Value, exponent: number): Value {
  let product = x;
  for (let k = 1; k < exponent; k++) product = b.op("mul", product, x);
  return product;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** The derivative of order n of cot z as a polynomial in c = cot z, of which c' = -(1 + c^2). */
function cotangentDerivative(n: number): number[] {
  let p = [0, 1];
  for (let k = 0; k < n; k++) {
    const next = new Array<number>(p.length + 1).fill(0);
    for (let i = 1; i < p.length; i++) {
      next[i - 1] -= i * p[i];
      next[i + 1] -= i * p[i];
    }
    p = next;
  }
  return p;
}
