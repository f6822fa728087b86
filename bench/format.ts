import type { Verdict } from "./goals.ts";

/** Three digits, as people write them: 12,300, 123, 12.3, 0.123. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  if (Math.abs(x) >= 999.5) return Math.round(x).toLocaleString("en-US");
  return x.toPrecision(3);
}

export function time(seconds: number): string {
  const units = [
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "us"],
  ] as const;
  const [scale, unit] = units.find(([size]) => seconds >= 0.9995 * size) ?? [1e-9, "ns"];
  return `${number(seconds / scale)} ${unit}`;
}

export function figure(value: number, unit: Verdict["unit"]): string {
  if (unit === "s") return time(value);
  return unit === "x" ? `${number(value)}x` : value.toFixed(2);
}

/** A goal, its figure and whether it is met. */
export function goalColumns(verdict: Verdict): [goal: string, figure: string, verdict: string] {
  const { text, sense, need, unit, figure: value } = verdict;
  return [
    `${text} ${sense} ${figure(need, unit)}`,
    value === undefined ? "no figure" : figure(value, unit),
    verdict.verdict,
  ];
}
