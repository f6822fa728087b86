import { scaledParts } from "../../experiment/data/scaled-series.ts";
import { rootMeanSquare, type TimeSeries } from "../../experiment/data/time-series.ts";
import type { Metrics } from "../../experiment/metrics.ts";
import { spreadOf } from "../../experiment/spread.ts";
import type { Session } from "../../experiment/system.ts";
import * as optim from "../../optim/index.ts";
import { tensor } from "../../tensor/functions.ts";
import { type Beside, fitBeside } from "./beside.ts";
import { type Band, bandOf, clipEachMember } from "./ensemble.ts";
import {
  type Growth,
  growthErrors,
  growthModel,
  measured,
  membersOf,
  type Paths,
  pathsAt,
  solvePath,
  startAt,
} from "./growth-model.ts";
import type { Law } from "./laws.ts";
import { blockOf, lossInBlocks } from "./member-blocks.ts";
import { smooth } from "./series.ts";

/** Which rows to learn from, and which to look at besides. */
export interface Split {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  /** Whether what is looked at may choose nothing. */
  readonly blind?: boolean;
}

/** What came of a training. */
export interface Learned {
  readonly beside?: Beside;
  readonly validation: readonly number[];
  /** At the times of all measurements, and at so many that a line looks smooth: of every member. */
  readonly points: Paths;
  readonly curve: Paths;
  /** The members together. */
  readonly point: Band;
  readonly band: Band;
}

/**
 * Trains the model on some rows of the series, and fits beside it the law that is known of such a series.
 *
 * The whole path is solved from the first row on at every step (single shooting). For long oscillating paths that is said to
 * be hard; with states of order one, gradients clipped to norm 1 and a rate that falls off as a cosine it follows both
 * cycles of lynx and hare from every seed that was tried, and needs neither a growing horizon nor several starts on the
 * way. A known law of few knobs is another matter: see `guessInteraction`.
 */
export async function learn(session: Session<Growth, TimeSeries>, name: string, split: Split): Promise<Learned> {
  const { model, data, steps, learningRate: rate, evaluate } = session;
  const { validation, blind } = split;
  const parts = scaledParts(data, split);
  const { units } = parts.train;
  const unseen = solvePath(model, units, data.time.values).gather(tensor(validation, { dtype: "int32" }));
  const members = membersOf(model);
  startAt(model, parts.train);
  const validated =
    validation.length > 0
      ? {
          loss: unseen.sub(measured(model, parts.validation)).square().mean(),
          ...(blind && { patience: Number.POSITIVE_INFINITY }),
        }
      : undefined;
  const adam = (clip: optim.Clip) =>
    optim.adam({ learningRate: optim.schedules.cosine({ initial: rate, steps }), clip });
  const residuals = growthErrors(model, parts.train);
  if (members === undefined) {
    const problem = { residuals, validation: validated, adam: () => adam(optim.clipByGlobalNorm(1)) };
    await session.minimize(name, problem);
  } else {
    const dtype = model.start.dtype as "float32" | "float64";
    const block = growthModel(parts.train, dtype, { law: session.law as Law, members: blockOf(members) });
    await session.fit(name, {
      loss: lossInBlocks(model, block, (some) => growthErrors(some, parts.train).square().mean()),
      parameters: model,
      observations: residuals.size,
      validation: validated,
      optimizer: adam(clipEachMember(1, members)),
    });
  }
  const beside = await fitBeside(session, name, parts.train);
  const times = data.time.values;
  const both = await pathsAt(evaluate, model, units, [...times, ...smooth(data)]);
  const points = both.map((states) => states.map((values) => values.slice(0, times.length)));
  const curve = both.map((states) => states.map((values) => values.slice(times.length)));
  return { beside, validation, points, curve, point: bandOf(points), band: bandOf(curve) };
}

/** How far the model, and the law beside it, are off where they have not learned. */
export async function unseenErrors(data: TimeSeries, { beside, point, validation }: Learned): Promise<Metrics> {
  return {
    rmse: rootMeanSquare(data, point.mean, validation),
    ...(beside && {
      [`${beside.key}Rmse`]: rootMeanSquare(data, await beside.at(data.time.values), validation),
    }),
  };
}

/**
 * What the members say apart: each by itself, how wide the band is in the mean (in the data's units), and which share of the
 * measurements lies in it; on the rows that are looked at, or else on all.
 */
export function memberMetrics(data: TimeSeries, { points, point, validation }: Learned): Metrics {
  const rows = validation.length > 0 ? validation : data.time.values.map((_, row) => row);
  const places = data.states.flatMap(({ values }, i) =>
    rows.map((row) => ({ low: point.low[i][row], high: point.high[i][row], value: values[row] })),
  );
  const inside = places.filter(({ low, high, value }) => value >= low && value <= high);
  return {
    rmse: spreadOf(points.map((member) => rootMeanSquare(data, member, rows))),
    width: places.reduce((sum, { low, high }) => sum + (high - low), 0) / places.length,
    inside: inside.length / places.length,
  };
}
