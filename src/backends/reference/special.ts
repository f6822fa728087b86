/** Special functions in float64, by series that a handbook has (Abramowitz & Stegun; DLMF). */

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

/** Euler's constant. */
const gamma = 0.5772156649015329;

/** Maclaurin series below 1, continued fraction of erfc above (Abramowitz & Stegun 7.1.5 and 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (a < 1) {
    // Without the first term, which is added last: 20 terms are enough for x = 1.
    let [power, rest] = [x, 0];
    for (let n = 1; n <= 20; n++) {
      power *= -(x * x) / n;
      rest += power / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI) - 1) * x + ((2 / Math.sqrt(Math.PI)) * rest + x);
  }
  return Math.sign(x) * (1 - erfc(a));
}

/** What is left of a bell to the right of x = t sqrt(2 spread), t >= 1/2, with a square that is exact: x = z + (x - z). */
function tail(x: number, spread: number): number {
  const t = x / Math.sqrt(2 * spread);
  let fraction = 0;
  for (let n = t < 1 ? 1000 : 200; n > 0; n--) fraction = n / 2 / (t + fraction);
  const z = Math.floor(16 * Math.min(x, 100)) / 16;
  const bell = Math.exp((-z * z) / (2 * spread)) * Math.exp(((z - x) * (z + x)) / (2 * spread));
  return bell / Math.sqrt(Math.PI) / (t + fraction);
}

export function erfc(x: number): number {
  return x < 0.5 ? 1 - erf(x) : tail(x, 0.5);
}

export function normalCdf(x: number): number {
  return x > -1 ? erfc(-x / Math.SQRT2) / 2 : tail(-x, 1) / 2;
}

/** Newton's rule on erf, or on log erfc for large results. */
export function erfinv(y: number): number {
  const a = Math.abs(y);
  if (!(a < 1) || a < 1e-150)
    return a === 1 ? y * Number.POSITIVE_INFINITY : a < 1 ? (y * Math.sqrt(Math.PI)) / 2 : Number.NaN;
  const slope = (z: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z);
  const far = a > 0.8427;
  let z = far ? Math.max(1, Math.sqrt(-Math.log1p(-a))) : a;
  for (let k = 0; k < 60; k++) {
    const rest = far ? erfc(z) : 0;
    const step = far ? (Math.log(rest / (1 - a)) * rest) / slope(z) : (a - erf(z)) / slope(z);
    z = far ? Math.max(1, z + step) : z + step;
    if (Math.abs(step) <= 1e-17 * z) break;
  }
  return Math.sign(y) * z;
}

/** The sum of (q + k)^-s over k from 0 (Hurwitz), by Euler and Maclaurin's formula; s > 1, q > 0. DLMF 25.11.28. */
function zeta(s: number, q: number): number {
  const steps = q < 20 ? 20 : 0;
  const from = q + steps;
  let tail = 0;
  let factor = s;
  const terms = bernoulli.map((number, k) => {
    const term = (number * factor) / rising(2 * k + 2);
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    return term * from ** -(2 * k + 1);
  });
  for (const term of terms.reverse()) tail += term;
  let sum = from ** (1 - s) / (s - 1) + from ** -s * (0.5 + tail);
  for (let k = steps - 1; k >= 0; k--) sum += (q + k) ** -s;
  return sum;
}

function rising(n: number): number {
  return n < 2 ? 1 : n * rising(n - 1);
}

/** zeta(k) - 1 from k = 2 on. */
const zetas = Array.from({ length: 60 }, (_, i) => zeta(i + 2, 2));

/** sin and cos of pi x, but for a common sign. */
function sinCosPi(x: number): [number, number] {
  const r = x - Math.round(x);
  return [Math.sin(Math.PI * r), Math.cos(Math.PI * r)];
}

/** The series about 2 (A & S 6.1.33) between 5/4 and 5/2, up to there by recurrence, and Stirling's formula from 20 on. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Number.POSITIVE_INFINITY;
  if (x < 0) {
    const size = x < -0.5 ? -x : 1;
    return -Math.log((Math.abs(sinCosPi(x)[0]) * size) / Math.PI) - lgamma(x < -0.5 ? -x : 1 - x);
  }
  if (x < 0.5) return lgamma(x + 1) - Math.log(x);
  if (x < 1.25) return near2(x - 1) - Math.log1p(x - 1);
  if (x >= 20) {
    let series = 0;
    for (let k = 9; k >= 0; k--) series = series / x / x + bernoulli[k] / (2 * k + 1) / (2 * k + 2);
    return (x - 0.5) * (Math.log(x) - 1) + (Math.log(2 * Math.PI) - 1) / 2 + series / x;
  }
  let product = 1;
  let y = x;
  for (; y > 2.5; y--) product *= y - 1;
  return near2(y - 2) + Math.log(product);
}

/** lgamma(2 + z), -3/4 <= z <= 1/2. */
function near2(z: number): number {
  let sum = 0;
  for (let k = zetas.length + 1; k >= 2; k--) sum = ((-1) ** k * zetas[k - 2]) / k + sum * z;
  return z * (1 - gamma + z * sum);
}

/** Derivatives of digamma: zeta functions (DLMF 25.11.12); below 0 by the derivatives of pi cot(pi x). */
export function polygamma(x: number, order: number): number {
  const sign = order % 2 === 0 ? 1 : -1;
  if (x < 0) {
    const [sin, cos] = sinCosPi(x);
    if (sin === 0 && order === 0) return Number.NaN;
    // As a polynomial in the cotangent c, of which c' = -(1 + c^2).
    let powers = [0, 1];
    for (let k = 0; k < order; k++) {
      const next = new Array<number>(powers.length + 1).fill(0);
      powers.forEach((p, i) => {
        if (i > 0) next[i - 1] -= i * p;
        next[i + 1] -= i * p;
      });
      powers = next;
    }
    const slope = powers.reduceRight((sum, p) => (sum === 0 ? p : sum * (cos / sin) + p), 0);
    return sign * polygamma(1 - x, order) - Math.PI ** (order + 1) * slope;
  }
  return order === 0
    ? digamma(x)
    : -sign * rising(order) * (Number.isFinite(x) && x !== 0 ? zeta(order + 1, x) : x ** -(order + 1));
}

function digamma(x: number): number {
  if (x < 1.5) return digamma(x + 1) - 1 / x;
  if (x >= 20) {
    let series = 0;
    for (let k = 9; k >= 0; k--) series = series / x / x + bernoulli[k] / (2 * k + 2);
    return x === Number.POSITIVE_INFINITY ? x : Math.log(x) - 0.5 / x - series / x / x;
  }
  if (x > 2.5) return digamma(x - 1) + 1 / (x - 1);
  let sum = 0;
  for (let k = zetas.length + 1; k >= 2; k--) sum = (-1) ** k * zetas[k - 2] + sum * (x - 2);
  return 1 - gamma + (x - 2) * sum;
}
