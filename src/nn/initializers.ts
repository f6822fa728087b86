import type { Initializer } from "../graph/parameter.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";

export const zeros: Initializer = () => 0;
export const ones: Initializer = () => 1;

/** `value` everywhere. */
export function constant(value: number): Initializer {
  return () => value;
}

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Initializer {
  return (random) => () => low + (high - low) * random.uniform();
}

/** Normal with standard deviation `deviation` about `mean`. */
export function normal(deviation = 1, mean = 0): Initializer {
  return (random) => () => mean + deviation * random.normal();
}

/** Numbers that enter and leave one unit: the last two axes are [in, out], axes before them are places in a window. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const places = sizeOf(shape.slice(0, -2));
  const [fanIn = 1, fanOut = fanIn] = shape.slice(-2);
  return { fanIn: places * fanIn, fanOut: places * fanOut };
}

/** Uniform within +-sqrt(6 / (in + out)) (Glorot & Bengio, AISTATS 2010, eq. 16): keeps variances under tanh. */
export const glorotUniform: Initializer = (random, shape) => {
  const { fanIn, fanOut } = fans(shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return uniform(-limit, limit)(random, shape);
};

/** Normal with variance 2 / (in + out) (Glorot & Bengio, AISTATS 2010). */
export const glorotNormal: Initializer = (random, shape) => {
  const { fanIn, fanOut } = fans(shape);
  return normal(Math.sqrt(2 / (fanIn + fanOut)))(random, shape);
};

/** Uniform within +-sqrt(6 / in) (He et al., ICCV 2015, eq. 10): keeps variances under relu. */
export const heUniform: Initializer = (random, shape) => {
  const limit = Math.sqrt(6 / fans(shape).fanIn);
  return uniform(-limit, limit)(random, shape);
};

/** Normal with variance 2 / in (He et al., ICCV 2015, eq. 10). */
export const heNormal: Initializer = (random, shape) => normal(Math.sqrt(2 / fans(shape).fanIn))(random, shape);
