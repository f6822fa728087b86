import { judgementOf } from "../fits.ts";
import type { FitRecord } from "../session.ts";
import type { Plot, Series } from "./plot.ts";

/**
 * Loss against step, logarithmic where that is possible. With a validation loss: both at the same weights, the gap shaded
 * between them, the best step marked. Undefined where there are fewer than two records.
 */
export function plotTraining(name: string, { checkpoint }: FitRecord): Plot | undefined {
  const { history, best } = checkpoint;
  if (history.length < 2) return undefined;
  const judged = history.flatMap((record) => {
    const judgement = judgementOf(record);
    return judgement ? [{ step: record.step, ...judgement }] : [];
  });
  const series = judged.length < 2 ? [curve("loss", history, (r) => r.loss)] : judgedSeries(judged, best?.step);
  const values = series.flatMap((s) => Array.from(s.y)).filter(Number.isFinite);
  const scale = values.every((y) => y > 0) ? "log" : "linear";
  return { title: `Training: ${name}`, x: { label: "step" }, y: { label: "loss", scale }, series };
}

interface Judged {
  readonly step: number;
  readonly train: number;
  readonly validation: number;
}

function judgedSeries(judged: readonly Judged[], bestStep: number | undefined): Series[] {
  const train = curve("train", judged, (r) => r.train);
  const validation = curve("validation", judged, (r) => r.validation);
  const gap: Series = { ...train, name: "gap", kind: "band", group: "gap", y2: validation.y };
  const at = judged.filter(({ step }) => step === bestStep);
  const mark: Series = {
    ...curve(`best: step ${bestStep?.toLocaleString("en-US")}`, at, (r) => r.validation),
    kind: "dots",
    group: "validation",
  };
  return [{ ...train, group: "train" }, { ...validation, group: "validation" }, gap, ...(at.length > 0 ? [mark] : [])];
}

function curve<R extends { readonly step: number }>(name: string, records: readonly R[], y: (r: R) => number): Series {
  return { name, kind: "line", x: records.map((r) => r.step), y: records.map(y) };
}
