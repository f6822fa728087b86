import { stack } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { written } from "../../transforms/written.ts";
import type { Step, Stepper } from "../methods/stepper.ts";
import { type Rate, rateAt } from "../rate.ts";

/** What a sensitivity is to: a number that the rate holds, as a tensor and a direction in it, or one of the state at the start. */
export interface Direction {
  readonly of?: Tensor;
  readonly along?: Tensor;
}

/**
 * A method and a rate for a state [1 + directions, ...state]: the state, and how it changes along each direction. A step of
 * the sensitivities is the derivative of the state's step, so that an implicit method solves no larger systems.
 */
export function sensitive(
  stepper: Stepper,
  rate: Rate,
  directions: readonly Direction[],
): { readonly stepper: Stepper; readonly rate: Rate } {
  const own = (t: Tensor) => (t.rank > 0 ? t.at(0) : t);
  /** What `f` gives for the first of each of `moving` and for `still`, and how it changes. */
  const withChanges = (
    f: (...xs: Tensor[]) => Tensor,
    moving: readonly Tensor[],
    still: readonly Tensor[],
    axis = 0,
  ): Tensor => {
    const { result, given, push } = written(f, [...moving.map((x) => x.at(0)), ...still]);
    const held = moving.length + still.length;
    const changes = directions.map(({ of, along }, i) => {
      const tangents = new Map(moving.map((x, place) => [place, x.at(i + 1)]));
      const place = of ? given.findIndex((x, k) => k >= held && x.node === of.node) : -1;
      if (along && place >= 0) tangents.set(place, along);
      return push(given, tangents);
    });
    return stack([result, ...changes], axis);
  };
  const step: Stepper["step"] = (_, z, t, h, first) => {
    const found = (read: (step: Step, theta: Tensor) => Tensor, axis = 0, theta?: Tensor) =>
      withChanges(
        (y, ...more) => {
          const [time, length, place] = first ? more.slice(1) : more;
          return read(stepper.step(rate, y, time, length, first && more[0]), place);
        },
        first ? [z, first] : [z],
        [own(t), own(h), ...(theta ? [theta] : [])],
        axis,
      );
    return {
      y: found((s) => s.y),
      error: stepper.errorOrder === undefined ? undefined : () => found((s) => (s.error as () => Tensor)()),
      last: stepper.chains ? () => found((s) => (s.last as () => Tensor)()) : undefined,
      // Along the state's axes places in a step are 1, of which there is one more here.
      at: (theta) => found((s, place) => s.at(place), 1, theta.squeeze(1)),
    };
  };
  const whole: Rate = (z, t) => withChanges((y, time) => rateAt(rate, y, time), [z], [own(t)]);
  return { stepper: { ...stepper, step }, rate: whole };
}
