import { logistic } from "../ode/logistic.ts";
import { tensor } from "../tensor/functions.ts";
import { parameter, parameterOf } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Session } from "./system.ts";

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

/** The logistic law nearest to the measurements, by least squares in float64. */
export async function fitLogisticLaw(
  session: Pick<Session, "leastSquares">,
  name: string,
  times: readonly number[],
  values: readonly number[],
): Promise<LogisticLaw> {
  const float64 = { dtype: "float64" } as const;
  const [t0, t1] = [times[0], times[times.length - 1]];
  const top = Math.max(...values);
  const rate = parameter([], 8 / (t1 - t0), { name: "r", ...float64 });
  const capacity = parameter([], top, { name: "K", ...float64 });
  const start = parameter([], values[0] > 0 ? values[0] : top / 100, { name: "N0", ...float64 });
  const since = tensor(
    times.map((t) => t - t0),
    float64,
  );
  const curve = logistic(since, { rate, capacity, start });
  await session.leastSquares(name, { residuals: curve.sub(tensor(values, float64)) });
  const value = (x: Tensor) => parameterOf(x)?.read()[0] as number;
  return logisticLaw(value(rate), value(capacity), value(start), t0);
}
