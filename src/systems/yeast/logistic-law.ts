import type { Session } from "../../experiment/system.ts";
import { logistic } from "../../laws/growth/logistic.ts";
import { tensor } from "../../tensor/functions.ts";
import { parameter, parameterOf } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** N(t) = K / (1 + (K / N0 - 1) exp(-r (t - t0))), with t0 the first time: two knobs with a meaning, and where it starts. */
export interface LogisticLaw {
  readonly r: number;
  readonly K: number;
  readonly N0: number;
  at(times: readonly number[]): number[];
}

/** The logistic law of these numbers. */
export function logisticLaw(r: number, K: number, N0: number, t0: number): LogisticLaw {
  return { r, K, N0, at: (times) => times.map((t) => K / (1 + (K / N0 - 1) * Math.exp(-r * (t - t0)))) };
}

/** The logistic law nearest to the measurements (none negative, some above 0), by least squares in float64. */
export async function fitLogisticLaw(
  session: Pick<Session, "leastSquares">,
  name: string,
  times: readonly number[],
  values: readonly number[],
): Promise<LogisticLaw> {
  const float64 = { dtype: "float64" } as const;
  const t0 = times[0];
  // In units of the largest value and of the time's span, whatever the measurements' own units are.
  const span = times[times.length - 1] - t0;
  const top = values.reduce((most, n) => Math.max(most, n), 0);
  const rate = parameter([], 8, { name: "r", ...float64 });
  const capacity = parameter([], 1, { name: "K", ...float64 });
  const start = parameter([], values[0] > 0 ? values[0] / top : 0.01, { name: "N0", ...float64 });
  const since = tensor(
    times.map((t) => (t - t0) / span),
    float64,
  );
  const curve = logistic(since, { rate, capacity, start });
  const measured = tensor(
    values.map((n) => n / top),
    float64,
  );
  await session.leastSquares(name, { residuals: curve.sub(measured) });
  const value = (x: Tensor) => parameterOf(x)?.read()[0] as number;
  return logisticLaw(value(rate) / span, value(capacity) * top, value(start) * top, t0);
}
