import type { FitSummary } from "../fits.ts";
import { describeFit } from "../overfitting.ts";
import type { RunDescription } from "./description.ts";

/** How much freedom a run's network had for its data, and what it did with it. */
export interface RunLedger extends FitSummary {
  /** The fit that these figures are of: the last of those that trained the most knobs, whose weights the run holds. */
  readonly fit: string;
  /** In words. */
  readonly summary: string;
  readonly fits: Readonly<Record<string, FitSummary>>;
}

/** What `pondus weigh` adds for a run. Undefined where no fit has ended, or an older version wrote the run. */
export function weighRun({ fits = {} }: Pick<RunDescription, "fits">): RunLedger | undefined {
  const ended = Object.entries(fits).filter(([, fit]) => fit.knobs !== undefined);
  const most = Math.max(...ended.map(([, fit]) => fit.knobs as number));
  const main = ended.findLast(([, fit]) => fit.knobs === most);
  return main && { fit: main[0], ...main[1], summary: describeFit(main[1]), fits };
}
