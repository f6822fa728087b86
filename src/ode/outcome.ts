import { status } from "./status.ts";

/** What became of a solution, in words. */
export interface Outcome {
  readonly ok: boolean;
  readonly reason: "done" | "event" | "too many steps" | "step too small" | "not finite" | "times out of order";
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
  switch (found.status) {
    case status.done:
      return { ok: true, reason: "done", message: `reached ${at}${taken}.` };
    case status.event:
      return { ok: true, reason: "event", message: `the event happened at ${at}${taken}.` };
    case status.stuck:
      return failed(
        "step too small",
        `no step from ${at} is short enough for the error that was asked for${taken}: the solution runs away there, the ` +
          "rate jumps, or the tolerance is below rounding; for a stiff equation use ode.rodas5p.",
      );
    case status.notFinite:
      return failed(
        "not finite",
        `the state or its rate is no finite number beyond ${at}${taken}; look at the rate there: a division by 0, a root or ` +
          "logarithm of a negative number, or growth without bound.",
      );
    case status.unsorted:
      return failed("times out of order", "the times neither rise nor fall all the way; sort them.");
    default:
      return failed(
        "too many steps",
        `${at} is as far as it came${taken}: give a larger maxSteps or rtol, or, if the equation is stiff, ode.rodas5p.`,
      );
  }
}
