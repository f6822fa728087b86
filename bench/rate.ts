import type { Work } from "./cases/index.ts";
import { number } from "./format.ts";
import type { Cell } from "./result.ts";

const units = { flop: "GFLOP/s", byte: "GB/s", element: "G/s" } as const;

/** How fast it is, and the share that its fastest slice has of what the cores that it may use can do at most. */
export function rate(
  work: Work | undefined,
  { seconds, samples = [], threads = 1 }: Cell,
  ceilings: Readonly<Record<string, number>>,
): string {
  if (!work || seconds === undefined) return "";
  const speed = work.amount / 1e9 / seconds;
  const said = `${number(speed)} ${units[work.unit]}`;
  const most = ceilings[work.ceiling === "clock" || threads === 1 ? work.ceiling : `${work.ceiling} all`];
  if (!most) return said;
  const of = { "fma-f32": "of peak", memory: "of memory", clock: "a cycle" }[work.ceiling];
  return `${said}, ${(work.amount / 1e9 / Math.min(...samples) / most).toFixed(2)} ${of}`;
}
