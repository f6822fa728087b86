import { formatWhole } from "../graph/bytes.ts";
import type { FitSummary } from "./fits.ts";
import { formatNumber } from "./metrics.ts";

/** By how much validation must have risen over its best to say more than chance does. */
const noticeable = 0.1;

/**
 * Whether a fit went on to learn its data by heart: since validation was best it rose noticeably, and above the training's
 * own loss, while that fell. Fewer knobs than half the numbers know nothing by heart.
 */
export function memorised({ train, validation, best, knobs = 1, observations = 1 }: FitSummary): boolean {
  if (train === undefined || validation === undefined || best === undefined) return false;
  if (2 * knobs < observations || validation <= train) return false;
  return train < best.train && validation - best.validation > noticeable * Math.abs(best.validation);
}

/** In one sentence: how many knobs learned from how many numbers, and what the data say that they did not learn from. */
export function describeFit(fit: FitSummary): string {
  return `${[describeFreedom(fit), describeValidation(fit), fit.warning ?? ""].filter((part) => part !== "").join("; ")}.`;
}

/** The sentences of those fits that have a validation loss, more knobs than numbers, or a warning. */
export function describeFits(fits: Readonly<Record<string, FitSummary>> = {}): string[] {
  const telling = Object.entries(fits).filter(([, fit]) => fit.best || fit.warning || (fit.knobsPerDatum ?? 0) > 1);
  return telling.map(([name, fit]) => `${name}: ${describeFit(fit)}`);
}

/** A few digits, for who compares and does not compute. */
const roughly = (x: number) =>
  x >= 1000 && x < 1e15 ? formatWhole(Math.round(x)) : formatNumber(Number(x.toPrecision(3)));

const counted = (n: number, what: string) => `${formatWhole(n)} ${what}${n === 1 ? "" : "s"}`;

function describeFreedom({ knobs, observations }: FitSummary): string {
  if (knobs === undefined) return "";
  if (observations === undefined) return `${counted(knobs, "knob")} on numbers that the page does not count`;
  const both = `${counted(knobs, "knob")} on ${counted(observations, "number")}`;
  const [more, share] = knobs > observations ? ["knob", knobs / observations] : ["number", observations / knobs];
  return `${both}: ${roughly(share)} ${more}${share === 1 ? "" : "s"} to each`;
}

function describeValidation(fit: FitSummary): string {
  const { train, validation, gap, best, restored, steps } = fit;
  if (train === undefined || validation === undefined || gap === undefined || best === undefined) {
    return fit.best ? "validation is no finite number at the end" : "no validation loss was given";
  }
  const positive = train > 0 && validation > 0;
  const compared = positive
    ? `${roughly(validation / train)} times the training loss`
    : `${formatNumber(Math.abs(gap))} ${gap < 0 ? "below" : "above"} the training loss`;
  const when = `validation was best at step ${formatWhole(best.step)}`;
  if (best.validation === validation) return `${when}, the last record, and is ${compared}`;
  if (restored) {
    const verdict = memorised(fit) ? ": it had begun to memorise" : "";
    return `${when}, whose weights were kept; at step ${formatWhole(steps)} it was ${compared}${verdict}`;
  }
  return `${when} and is now ${compared}${memorised(fit) ? ": it memorises" : ""}`;
}
