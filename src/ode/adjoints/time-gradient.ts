import { scan } from "../../tensor/control.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Rate } from "../rate.ts";

/**
 * What a solution's times get back: a wanted time moves its state along the rate there; the first one moves the whole solution
 * the other way.
 *
 * @param states     [times, ...state]; @param cotangent  like `states`
 * @param adjoint    what the state at the first time gets back by way of all later ones
 */
export function timeCotangents(rate: Rate, states: Tensor, times: Tensor, cotangent: Tensor, adjoint: Tensor): Tensor {
  const count = times.shape[0];
  const along = (ct: Tensor, y: Tensor, t: Tensor) => sumLike(ct.mul(rate(y, t)), t);
  const { out } = scan({}, (_, x) => ({ carry: {}, out: { pull: along(x.ct, x.y, x.t) } }), {
    xs: { y: states, t: times, ct: cotangent },
  });
  const first = along(adjoint, states.at(0), times.at(0)).neg();
  return out.pull
    .slice(1)
    .padAxis(1, 0, 0)
    .add(first.unsqueeze(0).padAxis(0, count - 1, 0));
}

/** The sum over all axes, or over those along which a time of each trajectory is 1. */
function sumLike(x: Tensor, t: Tensor): Tensor {
  if (t.rank === 0) return x.sum();
  return x.sum(
    t.shape.flatMap((n, axis) => (n === 1 ? [axis] : [])),
    { keepDims: true },
  );
}
