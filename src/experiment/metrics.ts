/** Numbers with names, grouped as deep as wanted. */
export type Metrics = { readonly [name: string]: number | boolean | Metrics };

/** Metrics as a flat list: `logistic.rmse` and its value. */
export function listMetrics(metrics: Metrics, prefix = ""): [name: string, value: number | boolean][] {
  return Object.entries(metrics).flatMap(([name, value]): [string, number | boolean][] =>
    typeof value === "object" ? listMetrics(value, `${prefix}${name}.`) : [[prefix + name, value]],
  );
}

/** A number for people: about four digits, without a needless exponent. */
export function formatNumber(value: number | boolean): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e15)) return String(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3);
  return size >= 1000 ? value.toFixed(1) : String(Number(value.toPrecision(4)));
}
