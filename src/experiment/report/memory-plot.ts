import type { ProgramMemory } from "../../ledger/memory.ts";
import type { Weighing } from "../../ledger/weigh.ts";
import type { Plot, Series } from "./plot.ts";

/** What is alive as a step of training, and a run of the model alone, go on: a step in the curve is a kernel. */
export function plotMemory({ inference, training, batch }: Weighing): Plot[] {
  if (!inference) return [];
  const programs = { training, inference };
  const largest = Math.max(...Object.values(programs).map((p) => p?.peakBytes ?? 0));
  const [unit, name] = largest >= 1e9 ? [1e9, "GB"] : largest >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  const alive = (name: string, { timeline }: ProgramMemory): Series => ({
    name,
    kind: "line",
    x: timeline.map((_, i) => i + 1),
    y: timeline.map((moment) => moment.liveBytes / unit),
  });
  const series = Object.entries(programs).flatMap(([what, program]) => (program ? [alive(what, program)] : []));
  if (training) {
    const fixed = (training.parameterBytes + training.optimizerBytes) / unit;
    const ends = [1, training.timeline.length];
    series.push({ name: "parameters and the optimizer's state", kind: "line", x: ends, y: [fixed, fixed] });
  }
  const of = batch === 1 ? "one sample" : `a batch of ${batch.toLocaleString("en-US")}`;
  return [{ title: `Memory alive, for ${of}`, x: { label: "kernel" }, y: { label: name }, series }];
}
