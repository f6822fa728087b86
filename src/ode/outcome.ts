import type { Reason } from "../graph/node.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { settingOf, status } from "./stepping/status.ts";

/** What became of a solution, in words. */
export interface Outcome {
  readonly ok: boolean;
  readonly reason:
    | "done"
    | "event"
    | "too many steps"
    | "step too small"
    | "not finite"
    | "event not finite"
    | "times out of order";
  /** What happened, where, and what may help. */
  readonly message: string;
}

/**
 * Puts the `status` of a solution in words, from the numbers that a program returned.
 *
 * @param found.status  of one trajectory, as `solution.status` was
 * @param found.t       where it ended
 */
export function outcome(found: { readonly status: number; readonly t: number; readonly steps?: number }): Outcome {
  const at = `t = ${Number(found.t.toPrecision(6))}`;
  const taken = found.steps === undefined ? "" : ` after ${found.steps.toLocaleString("en-US")} steps`;
  const failed = (reason: Outcome["reason"], message: string): Outcome => ({ ok: false, reason, message });
  const { status: ended, implicit, float32 } = settingOf(found.status);
  const stiff = implicit ? "" : `, or, if the equation is stiff, ode.rodas5p${float32 ? " in float64" : ""}`;
  switch (ended) {
    case status.done:
      return { ok: true, reason: "done", message: `reached ${at}${taken}.` };
    case status.event:
      return { ok: true, reason: "event", message: `the event happened at ${at}${taken}.` };
    case status.stuck: {
      const exact = float32 ? "use float64, or a larger rtol and atol" : "use a larger rtol or atol";
      return failed(
        "step too small",
        `no step from ${at} is short enough for the error that was asked for${taken}: the solution runs away there, the ` +
          `rate jumps (give the time to stops), or the tolerance is below rounding: ${exact}${stiff}.`,
      );
    }
    case status.notFinite:
      return failed(
        "not finite",
        `the state or its rate is no finite number beyond ${at}${taken}; look at the rate there: a division by 0, a root or ` +
          "logarithm of a negative number, or growth without bound.",
      );
    case status.noEvent:
      return failed(
        "event not finite",
        `the event's function is no number (NaN) shortly before ${at}${taken}; look at it there: a division of 0 by 0, or a ` +
          "root or logarithm of a negative number.",
      );
    case status.unsorted:
      return failed("times out of order", "the times neither rise nor fall all the way; sort them.");
    default:
      return failed(
        "too many steps",
        `${at} is as far as it came${taken}: give a larger maxSteps or rtol${float32 && implicit ? ", or use float64" : ""}${stiff}.`,
      );
  }
}

/** What a training says of a path that was not reached: of a batch, of the first trajectory that failed. */
export function reasonFor(of: Tensor, found: readonly [status: Tensor, t: Tensor, steps: Tensor]): Reason {
  return {
    of: of.node,
    from: found.map((x) => x.node),
    tell([statuses, times, steps]) {
      const all = Array.from(statuses, (status, i) => outcome({ status, t: times[i], steps: steps[i] }));
      const failed = all.filter(({ ok, reason }) => !ok || reason === "event");
      const [first] = failed;
      if (!first) return undefined;
      const which =
        all.length > 1
          ? ` for ${failed.length} of ${all.length} trajectories (first number ${all.indexOf(first)})`
          : "";
      const what = first.ok ? "ended before the last time" : "gave up";
      return `ode.solve ${what}${which}: ${first.message}`;
    },
  };
}
