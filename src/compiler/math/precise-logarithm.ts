import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { addAny, type Double, top } from "./floats/double-length.ts";
import { logOfMantissa, splitPositive } from "./logarithm.ts";

/** Constants in two parts, of which the first has so few bits that its product with half of a float's bits is exact. */
const ln2 = [0.6931471803691238, 1.9082149292705877e-10];
const perLn2 = [1.4426950216293335, 1.9259629911266175e-8];
const perLn10 = [0.4342944771051407, 4.798111141615973e-9];
const log10of2 = [0.30102999566361177, 3.694239077158931e-13];

/** log x = e ln 2 + the two parts of log m, for positive finite x; the first part has half of a float's bits. */
function split(b: Builder, x: Value): { e: Value; log: Double } {
  const { e, m } = splitPositive(b, x);
  const f = b.op("sub", m, b.like(x, 1));
  const { half, s, more } = logOfMantissa(b, f);
  const high = top(b, b.op("sub", f, half));
  return { e, log: [high, b.op("fma", s, more, b.op("sub", b.op("sub", f, high), half))] };
}

/** log(x + rest), where `rest` is below the last place of x. Positive finite x. */
export function logInParts(b: Builder, [x, rest]: Double): Double {
  const {
    e,
    log: [high, low],
  } = split(b, x);
  const [sum, lost] = addAny(b, b.op("mul", e, b.like(x, ln2[0])), high);
  const small = b.op("add", b.op("fma", e, b.like(x, ln2[1]), low), b.op("div", rest, x));
  return addAny(b, sum, b.op("add", lost, small));
}

/** e times the logarithm of 2 to a base, and log m times what makes it one to that base. */
function toBase(b: Builder, x: Value, of2: readonly number[], factor: readonly number[]): Value {
  const {
    e,
    log: [high, low],
  } = split(b, x);
  const small = b.op("fma", b.op("add", high, low), b.like(x, factor[1]), b.op("mul", low, b.like(x, factor[0])));
  const [sum, lost] = addAny(b, b.op("mul", e, b.like(x, of2[0])), b.op("mul", high, b.like(x, factor[0])));
  const y = b.op("add", sum, b.op("add", lost, b.op("fma", e, b.like(x, of2[1]), small)));
  const zero = b.like(x, 0);
  const finite = b.select(b.op("lt", x, b.like(x, Number.POSITIVE_INFINITY)), y, x);
  const positive = b.select(b.op("eq", x, zero), b.like(x, Number.NEGATIVE_INFINITY), finite);
  return b.select(b.op("lt", x, zero), b.like(x, Number.NaN), positive);
}

/** Exact for powers of two. */
export function log2(b: Builder, x: Value): Value {
  return toBase(b, x, [1, 0], perLn2);
}

/** Exact for powers of ten. */
export function log10(b: Builder, x: Value): Value {
  return toBase(b, x, log10of2, perLn10);
}
