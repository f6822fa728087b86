import { isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { eye, stack, zeros } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { customGradient } from "../../transforms/custom.ts";
import { written } from "../../transforms/written.ts";
import type { Rate } from "../rate.ts";
import type { Direction } from "./sensitive.ts";
import { timeCotangents } from "./time-gradient.ts";

/** The most sensitivities that are carried side by side; more would cost more than going back. */
const most = 64;

/**
 * The path of a state [1 + directions, ...state], whose first part is the solution and whose others are its sensitivities;
 * undefined where steps are of fixed length, and nothing is to be bounded.
 */
export type Carry = (z0: Tensor, times: Tensor, directions: readonly Direction[]) => Tensor;

/**
 * `path` with its gradient by forward mode: where a gradient is asked for, it is solved again with a sensitivity to each number
 * that the gradient is of, whose errors bound the steps as the solution's own does.
 *
 * @param solve  makes the path from the state at the first time, and the times
 * @throws `ode.adjoint`, when a gradient is taken, of more than 64 numbers beside the times
 */
export function withForward(
  path: Tensor,
  solve: (y0: Tensor, times: Tensor) => Tensor,
  carry: Carry | undefined,
  rate: Rate,
  y0: Tensor,
  times: Tensor,
): Tensor {
  const whole = written(solve, [y0, times]);
  return customGradient(path, [...whole.given, path], (cotangent, all, asked) => {
    const [given, states] = [all.slice(0, -1), all[all.length - 1]];
    // What the first time gets back comes by way of the state there.
    const isMoving = (x: Tensor, place: number) =>
      isFloat(x.dtype) && place !== 1 && (asked[place] || (place === 0 && asked[1]));
    const moving = given.flatMap((x, place) => (isMoving(x, place) ? [place] : []));
    const count = moving.reduce((n, place) => n + given[place].size, 0);
    if (count > most) {
      throw new PondusError(
        "ode.adjoint",
        `ode.forward carries a tangent for each number that a gradient is asked for of, at most ${most}, but they are ` +
          `${count.toLocaleString("en-US")}; use ode.direct() or ode.backsolve().`,
      );
    }
    const units = moving.flatMap((place) => {
      const x = given[place];
      return Array.from({ length: x.size }, (_, i) => ({ place, along: eye(x.size, x.dtype).at(i).reshape(x.shape) }));
    });
    const pushed = () => units.map(({ place, along }) => whole.push(given, new Map([[place, along]])));
    const carried = (how: Carry) => {
      const start = (y: Tensor) =>
        stack([y, ...units.map(({ place, along }) => (place === 0 ? along : zeros(y.shape, y.dtype)))]);
      const directions = units.map(({ place, along }) => (place === 0 ? {} : { of: whole.given[place], along }));
      const again = written((y, t) => how(start(y), t, directions), [y0, times]);
      const now = again.given.map((x, i) => {
        const place = whole.given.findIndex((other, k) => (i < 2 ? k === i : k > 1 && other.node === x.node));
        return place < 0 ? x : given[place];
      });
      const found = again.on(now);
      return units.map((_, i) => found.slice(i + 1, i + 2, 1).squeeze(1));
    };
    const changes = carry ? carried(carry) : pushed();
    const entries = changes.map((change) => cotangent.mul(change).sum());
    let from = 0;
    const back: (Tensor | undefined)[] = given.map(() => undefined);
    for (const place of moving) {
      const { size, shape } = given[place];
      back[place] = stack(entries.slice(from, from + size)).reshape(shape);
      from += size;
    }
    if (asked[1]) {
      const adjoint = (back[0] as Tensor).sub(cotangent.at(0));
      back[1] = timeCotangents(rate, states, given[1], cotangent, adjoint);
    }
    return [...back, undefined];
  });
}
