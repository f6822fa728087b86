import { PondusError } from "../../../graph/errors.ts";
import { labelled } from "../../../graph/origin.ts";
import { formatShape } from "../../../graph/shape.ts";
import { stack } from "../../../tensor/functions.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type Rate, rateAt } from "../../rate.ts";
import { hermite } from "../hermite.ts";
import type { Stepper } from "../stepper.ts";
import { type Acceleration, ofPlaces, type SecondOrder } from "./second-order.ts";

/**
 * A composition of velocity-Verlet steps of these lengths, in units of the whole: symplectic, so that the energy of what
 * moves without friction stays near what it was, however many steps (Hairer, Lubich & Wanner, Geometric Numerical
 * Integration, 2006). For rates made by `secondOrder`, in fixed steps.
 */
export function symplectic(name: string, order: number, lengths: readonly number[]): Stepper {
  const step = (rate: Rate, y: Tensor, t: Tensor, h: Tensor) => {
    const acceleration = accelerationOf(name, rate, y);
    let [q, v, now] = [y.at(0), y.at(1), ofPlaces(t)];
    for (const length of lengths) {
      [q, v, now] = labelled(name, () => {
        const piece = ofPlaces(h).mul(length);
        const half = v.add(acceleration(q, now).mul(piece.mul(0.5)));
        const [place, later] = [q.add(half.mul(piece)), now.add(piece)];
        return [place, half.add(acceleration(place, later).mul(piece.mul(0.5))), later];
      });
    }
    const end = stack([q, v]);
    const at = (theta: Tensor) => hermite(y, end, rateAt(rate, y, t), rateAt(rate, end, t.add(h)), h, theta);
    return { y: end, at };
  };
  return { name, order, evaluations: lengths.length + 1, chains: false, implicit: false, step };
}

function accelerationOf(name: string, rate: Rate, y: Tensor): Acceleration {
  if ("acceleration" in rate && y.shape[0] === 2) return (rate as SecondOrder).acceleration;
  const came = y.shape[0] === 2 ? "a rate that was not made by it" : `a state ${formatShape(y.shape)}`;
  throw new PondusError(
    "ode.symplectic",
    `ode.solve: ${name} moves places and velocities in turn: it takes ode.secondOrder((q, t) => acceleration) and a state ` +
      `[2, ...], but ${came} came; use another method, such as ode.tsit5, where there is friction.`,
  );
}
