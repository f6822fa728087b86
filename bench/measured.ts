import type { Measured } from "./goals.ts";
import { waysOf } from "./programs.ts";
import type { VariantResult } from "./result.ts";

/** The figures of one variant, as goals and tables read them. */
export function measuredIn(
  results: readonly VariantResult[],
  variant: string,
  ceilings: Readonly<Record<string, number>> = {},
): Measured {
  const result = results.find((one) => one.variant === variant);
  const cellsOf = (name: string) => waysOf(name).flatMap((way) => result?.cells[way] ?? []);
  return {
    seconds: (name) => least(cellsOf(name).flatMap(({ seconds }) => seconds ?? [])),
    best: (name) => least(cellsOf(name).flatMap(({ seconds, samples }) => (seconds ? (samples ?? []) : []))),
    took: (name) => cellsOf(name).length > 0,
    ceiling: (name) => ceilings[name],
    beside: (other) =>
      results.some((one) => one.variant === other) ? measuredIn(results, other, ceilings) : undefined,
  };
}

const least = (times: readonly number[]) => (times.length === 0 ? undefined : Math.min(...times));
