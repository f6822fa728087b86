import { isFloat } from "../../graph/dtype.ts";
import { scan } from "../../tensor/control.ts";
import { stack, zeros } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { customGradient } from "../../transforms/custom.ts";
import { ravel, unravel } from "../../transforms/structure.ts";
import { written } from "../../transforms/written.ts";
import { type Rate, rateAt } from "../rate.ts";
import { timeCotangents } from "./time-gradient.ts";

/** Solves from the first of two times to the second, of whose state so many entries bound the error; the end state. */
export type Leg = (rate: Rate, y: Tensor, times: Tensor, counted: number) => Tensor;

/**
 * `path` with the gradient of the adjoint equation: with a = dL/dy, da/dt = -a df/dy and dg/dt = -a df/dp, solved backwards
 * from each wanted time to the one before, with the path's own states to start from. How exact the integrals g are does not
 * bound the steps (Kidger et al., arXiv:2009.09457).
 */
export function withBacksolve(path: Tensor, rate: Rate, y0: Tensor, times: Tensor, solveLeg: Leg): Tensor {
  const law = written((y, t) => rateAt(rate, y, t), [y0, times.at(0)]);
  const outside = law.given.slice(2);
  const back = (cotangent: Tensor, [states, , t, ...taken]: readonly Tensor[]) => {
    const places = taken.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
    const floats = places.map((i) => taken[i]);
    const like = [y0, y0, ...floats];
    const n = y0.size;
    const rateOn = (y: Tensor, time: Tensor) => law.on([y, time, ...taken]);
    const augmented: Rate = (z, time) => {
      const [y, a] = unravel(z, like);
      const [onState, , ...onTaken] = law.pull([y, time, ...taken], a.neg());
      return ravel([rateOn(y, time), onState as Tensor, ...places.map((i) => onTaken[i] as Tensor)]);
    };
    const count = t.shape[0];
    const { carry } = scan(
      { a: zeros(y0.shape, y0.dtype), g: floats.length > 0 ? ravel(floats).mul(0) : zeros([1], y0.dtype) },
      ({ a, g }, x) => {
        const met = a.add(x.ct);
        const start = ravel(floats.length > 0 ? [x.y, met, g] : [x.y, met]);
        const end = solveLeg(augmented, start, stack([x.from, x.to]), 2 * n);
        const next = end.slice(n, 2 * n).reshape(y0.shape);
        return { carry: { a: next, g: floats.length > 0 ? end.slice(2 * n) : g } };
      },
      {
        xs: {
          from: t.slice(1),
          to: t.slice(0, count - 1),
          y: states.slice(1),
          ct: cotangent.slice(1),
        },
        reverse: true,
      },
    );
    const cts = floats.length > 0 ? unravel(carry.g, floats) : [];
    return [
      undefined,
      carry.a.add(cotangent.at(0)),
      timeCotangents(rateOn, states, t, cotangent, carry.a),
      ...taken.map((_, i) => (places.includes(i) ? cts[places.indexOf(i)] : undefined)),
    ];
  };
  return customGradient(path, [path, y0, times, ...outside], back);
}
