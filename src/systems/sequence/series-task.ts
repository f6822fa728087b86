import type { MetricTable } from "../../experiment/metric-table.ts";
import type { Metrics } from "../../experiment/metrics.ts";
import type { Plot } from "../../experiment/report/plot.ts";
import type { Outcome, Trained } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import * as optim from "../../optim/index.ts";
import { tensor } from "../../tensor/functions.ts";
import { foldIn } from "../../tensor/random/index.ts";
import { formColumns, formFigures, type Learner, plotForms, trainForms } from "./compared.ts";
import { type ByForm, forms } from "./forms.ts";
import { autoregression, errorOf, type Naive, persistence, seasonal } from "./naive.ts";
import { changesOf, type Series, windowOf } from "./series.ts";
import {
  drawnWindows,
  forecastAfter,
  lossOnTheWay,
  nextChanges,
  type SeriesModel,
  windowsAt,
  windowsBefore,
} from "./series-model.ts";

/** Windows that a step learns from. */
const batch = 16;

/** Values at the end that are drawn. */
const drawn = 60;

/** Trains every form to forecast a series one step ahead, beside forecasts that need no network. */
export async function learnSeries(
  session: Learner,
  models: ByForm<SeriesModel>,
  series: Series,
): Promise<Omit<Required<Outcome>, "samples">> {
  const { changes, train, unit } = changesOf(series);
  const window = windowOf(series);
  const scaled = tensor(changes.map((change) => change / unit));
  // A window before every change that has one, of which the last are held out.
  const windows = windowsAt(scaled, window, windowsBefore(window, window, changes.length));
  const known = train - window;
  const { steps, learningRate: rate, quick } = session;
  const trainings = await trainForms(session, "series", models, quick ? 1 : 3, (name, model, seed) => {
    const errors = forecastAfter(model, windows).sub(windows.at(-1, 1)).square();
    return session.fit(name, {
      loss: ({ key }) =>
        lossOnTheWay(model, windowsAt(scaled, window, drawnWindows(window, train, batch, foldIn(key, seed)))),
      validation: { loss: errors.slice(known).mean(), train: errors.slice(0, known).mean() },
      optimizer: optim.adam({
        learningRate: optim.schedules.cosine({ initial: rate, steps }),
        clip: optim.clipByGlobalNorm(1),
      }),
      observations: train,
      recordEvery: Math.ceil(steps / 50),
    });
  });
  const { forecast } = await session.evaluate({ forecast: forecastAfter(models.untied, windows).slice(known) });
  const naive: Record<string, Naive | undefined> = {
    persistence,
    seasonal: series.season === undefined ? undefined : seasonal(series.season),
    autoregression: autoregression(changes, window, train),
  };
  const figures = Object.entries(naive).flatMap(([name, forecast]): [string, Metrics][] => {
    if (!forecast) return [];
    const rmse = errorOf(forecast, changes, train);
    const trainLoss = (errorOf(forecast, changes, window, train) / unit) ** 2;
    const validation = (rmse / unit) ** 2;
    const knobs: Metrics = name === "autoregression" ? { knobs: window + 1 } : {};
    return [[name, { ...knobs, train: trainLoss, validation, gap: validation - trainLoss, rmse }]];
  });
  const inUnits = (validation: number): Metrics => ({ rmse: unit * Math.sqrt(validation) });
  return {
    metrics: {
      values: series.values.length,
      heldOut: changes.length - train,
      window,
      unit,
      compared: { ...formFigures(trainings, models, inUnits), ...Object.fromEntries(figures) },
    },
    plots: [
      plotForms("Series: validation", "mean square error", trainings),
      plotForecasts(
        series,
        train,
        Array.from(forecast.data, (change) => change * unit),
      ),
    ],
    tables: [tableFor(series)],
  };
}

function tableFor({ name }: Series): MetricTable {
  return {
    title: `Series, ${name}: squared error of the next change over the variance of changes; rmse as measured`,
    of: "series.compared",
    heading: "form",
    columns: { ...formColumns, rmse: "rmse", milliseconds: "ms a step" },
  };
}

/** The last of the held-out values, and what the untied LSTM said of each when it knew those before it. */
function plotForecasts({ time, name, values }: Series, train: number, forecast: readonly number[]): Plot {
  const first = Math.max(train + 1, values.length - drawn);
  const x = time.values.slice(first);
  // The change at index i leads from value i to value i + 1.
  const foretold = x.map((_, i) => values[first + i - 1] + forecast[first + i - 1 - train]);
  return {
    title: "Series: the next value, foretold from those before it",
    x: { label: time.name },
    y: { label: name },
    series: [
      { name: "measured", kind: "dots", x, y: values.slice(first) },
      { name: "untied LSTM", kind: "line", x, y: foretold },
    ],
  };
}

/** What every form says comes after some values of the series, in its own units. */
export async function continueSeries(
  evaluate: Trained["evaluate"],
  models: ByForm<SeriesModel>,
  metrics: Metrics,
  inputs: readonly (readonly number[])[],
): Promise<Record<string, number[]>> {
  const { unit, window } = metrics as Record<"unit" | "window", number>;
  const few = inputs.find((values) => values.length < 2);
  if (few) {
    throw new PondusError(
      "predict.input",
      `predict: ${few} is one value, and what comes next is told from at least two, joined by commas (the model learned from ` +
        `${window + 1} at a time).`,
    );
  }
  // What lies further back than a window is nothing that the model has learned to use.
  const known = inputs.map((values) => values.slice(-window - 1));
  const asked = known.flatMap((values, i) => {
    const changes = tensor([values.slice(1).map((value, k) => (value - values[k]) / unit)]);
    return forms.map((form) => [`${form} ${i}`, nextChanges(models[form], changes).at(-1, 1)] as const);
  });
  const answers = await evaluate(Object.fromEntries(asked));
  const last = known.map((values) => values[values.length - 1]);
  const next = forms.map((form) => [form, last.map((value, i) => value + answers[`${form} ${i}`].data[0] * unit)]);
  return { last, ...Object.fromEntries(next) };
}
