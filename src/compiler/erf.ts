import type { Builder } from "./builder.ts";
import type { Value } from "./loop.ts";
import { exp, polynomial, withSign } from "./transcendental.ts";

/**
 * Minimax coefficients, computed by test/fixtures/erf_coefficients.py: erf x = x + x P(x^2) up to 1, and
 * 1 - exp(-x^2) R(t) with t = (x - m) / (x + k) from there to `end`, beyond which erf is 1.
 */
const single = {
  small: [
    0.12837916612625122, -0.3761262595653534, 0.11283600330352783, -0.026854446157813072, 0.005189536605030298,
    -0.0008020845707505941, 7.889119297033176e-5,
  ],
  tail: [
    0.25539568066596985, -0.4805840253829956, 0.36592260003089905, -0.19643032550811768, 0.06338957697153091,
    -0.003248716937378049, -0.005717418156564236,
  ],
  m: 2,
  k: 2.5,
  end: 4,
};
const double = {
  small: [
    0.12837916709551256, -0.3761263890318355, 0.11283791670945253, -0.02686617064327622, 0.005223977607423468,
    -0.0008548325989696758, 0.00012055295320494294, -1.4924744663335489e-5, 1.6447517677871873e-6,
    -1.6209175911748696e-7, 1.3722976265924504e-8, -7.801188874097751e-10,
  ],
  tail: [
    0.201887554546017, -0.3851409697251931, 0.3158603047338111, -0.20672445549215548, 0.10365770274048634,
    -0.03593513940624029, 0.005690831829568781, 0.0016198997730655106, -0.0010236899558141422, -8.045449173776614e-8,
    0.0001353509523788421, -1.1985605341505574e-5, -2.0025187569556853e-5, 2.049343390564991e-6, 3.10070459590511e-6,
    -2.4247419496653007e-7,
  ],
  m: 2.625,
  k: 3,
  end: 6.5,
};

/** The error function. */
export function erf(b: Builder, x: Value): Value {
  const { small, tail, m, k, end } = x.type === "float32" ? single : double;
  const near = b.op("fma", x, polynomial(b, b.op("mul", x, x), small), x);
  const a = b.op("min", b.op("abs", x), b.like(x, end));
  const t = b.op("div", b.op("sub", a, b.like(x, m)), b.op("add", a, b.like(x, k)));
  const rest = b.op("mul", exp(b, b.op("neg", b.op("mul", a, a))), polynomial(b, t, tail));
  const far = b.op("sub", b.like(x, 1), rest);
  return b.select(b.op("le", b.op("abs", x), b.like(x, 1)), near, withSign(b, far, x));
}
