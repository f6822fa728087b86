import { formatSize } from "../graph/bytes.ts";
import { type Measurable, measurable } from "../ledger/measured/measure-model.ts";
import { duration } from "./duration.ts";
import type { colorsFor } from "./streams.ts";
import { formatTable } from "./table.ts";

/** What one run takes: foretold, or seen. */
export interface Taken {
  /** The program's own memory. */
  readonly arenaBytes: number;
  /** What the process takes above its floor: the arena, and what lies outside it for the program's sake. */
  readonly processBytes: number;
  readonly seconds: number;
}

export type TakenByProgram = { readonly [P in Measurable]?: Taken };

/** Foretold and seen, side by side. */
export function formatMeasured(
  predicted: TakenByProgram,
  measured: TakenByProgram,
  { bold, dim }: ReturnType<typeof colorsFor>,
): string {
  const rows = measurable.flatMap((which) => {
    const [a, b] = [predicted[which], measured[which]];
    if (!a || !b) return [];
    const row = (what: string, say: (n: number) => string, x: number, y: number) => [
      what,
      say(x),
      say(y),
      dim((y / x).toFixed(3)),
    ];
    return [
      row(`${which}: program's memory`, formatSize, a.arenaBytes, b.arenaBytes),
      row(`${which}: the process above its floor`, formatSize, a.processBytes, b.processBytes),
      row(`${which}: one run`, duration, a.seconds, b.seconds),
    ];
  });
  const head = ["", dim("foretold"), dim("measured"), dim("ratio")];
  return `  ${bold("Measured")}\n${formatTable([head, ...rows], [1, 2, 3])}`;
}
