import { PondusError } from "../graph/errors.ts";
import type { Table } from "../io/csv.ts";
import * as nn from "../nn/index.ts";
import * as ode from "../ode/index.ts";
import * as optim from "../optim/index.ts";
import { tensor } from "../tensor/functions.ts";
import { parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fitLogisticLaw, type LogisticLaw, logisticLaw } from "./logistic-law.ts";
import { evenly, type Plot, type Series } from "./plot.ts";
import { type Columns, defineSystem, type Session, type Trained } from "./system.ts";
import { readTimeSeries, rootMeanSquare, rowsOf, type TimeSeries } from "./time-series.ts";

/** T. Carlson, Biochem. Z. 57:313 (1913), as tabulated by R. Pearl, Q. Rev. Biol. 2:532 (1927). */
export const carlson: TimeSeries = {
  time: { name: "hours", values: evenly(0, 18, 19) },
  states: [
    {
      name: "yeast",
      values: [
        9.6, 18.3, 29.0, 47.2, 71.1, 119.1, 174.6, 257.3, 350.7, 441.0, 513.3, 559.7, 594.8, 629.4, 640.8, 651.1, 655.9,
        659.6, 661.8,
      ],
    },
  ],
};

/** The network that stands for the unknown law, and the state at the first time. */
export type Growth = { rate: nn.Layer; start: Tensor };

/** A neural ODE of a thousand knobs learns how fast yeast grows, beside the logistic law, which has three. */
export default defineSystem({
  name: "yeast",
  title: "Yeast in a fermenter",
  summary: "A neural ODE dN/dt = NN(N) learns from Carlson's 19 measurements of 1913, beside the logistic law.",
  data: carlson,
  read: readGrowth,
  settings: { rate: 7e-3 },
  optimizers: {
    adam: { steps: 15_000 },
    lbfgs: { steps: 3000 },
    newton: { steps: 400 },
    natural: { steps: 200 },
    lm: { steps: 60 },
  },

  model: (data: TimeSeries, optimizer) => growthModel(data, optimizer === "adam" ? "float32" : "float64"),

  network: ({ rate }) => ({ input: rate.takes, apply: rate }),

  async train(session) {
    const { data } = session;
    const all = data.time.values.map((_, row) => row);
    const known = Math.ceil((all.length * 2) / 3);
    // First on the early part alone, to see how far either law carries beyond it: a forecast is blind, so the later points
    // are only looked at. Then without every fourth point, to see what it makes of the places between. Then on everything.
    const forecast = await learn(
      session,
      "forecast",
      { train: all.slice(0, known), validation: all.slice(known) },
      true,
    );
    session.restart();
    const between = all.length > fewest && optim.holdOut(all, { every: 4 });
    const heldOut = between && (await learn(session, "held-out", between));
    session.restart();
    const growth = await learn(session, "growth", { train: all, validation: [] });
    const { law } = growth;
    return {
      metrics: {
        rmse: rootMeanSquare(data, growth.points),
        ...(law && {
          monotone: isMonotone(growth.curve[0]),
          logistic: { rmse: rootMeanSquare(data, [law.at(data.time.values)]), r: law.r, K: law.K, N0: law.N0 },
        }),
        forecast: {
          from: data.time.values[known],
          ...unseenErrors(data, forecast),
        },
        ...(heldOut && { heldOut: { points: heldOut.validation.length, ...unseenErrors(data, heldOut) } }),
      },
      plots: [
        plotPaths("Growth", data, growth),
        plotPaths(`The same from the first ${known} points alone`, data, forecast),
        ...(law ? [await plotLaws(session, law)] : []),
      ],
    };
  },

  async predict({ model, data, metrics, evaluate }, inputs) {
    const times = inputs.flat();
    const states = await pathAt(evaluate, model, data, times);
    const law = metrics.logistic as Record<"r" | "K" | "N0", number> | undefined;
    return {
      [data.time.name]: times,
      ...Object.fromEntries(data.states.map(({ name }, i) => [name, states[i]])),
      ...(law && { logistic: logisticLaw(law.r, law.K, law.N0, data.time.values[0]).at(times) }),
    };
  },
});

/** A network of a thousand knobs for the rate, and a start at the first measurement. */
export function growthModel(data: TimeSeries, dtype: "float32" | "float64"): Growth {
  const n = data.states.length;
  const first = data.states.map(({ values }, i) => values[0] / unitsOf(data).states[i]);
  const layers = [
    nn.dense(n, 32, { dtype }),
    nn.gelu,
    nn.dense(32, 32, { dtype }),
    nn.gelu,
    nn.dense(32, n, { dtype }),
  ];
  return { rate: nn.sequential(...layers), start: parameter([n], first, { dtype }) };
}

/** The path minus the measurements, [times, states], in units of `unitsOf(data)`. */
export function growthErrors(model: Growth, data: TimeSeries): Tensor {
  return solve(model, data, data.time.values).sub(measured(model, data, unitsOf(data).states));
}

/** Measurements in the given units, [times, states]. */
function measured({ start }: Growth, { time, states }: TimeSeries, units: readonly number[]): Tensor {
  return tensor(
    time.values.map((_, row) => states.map(({ values }, i) => values[row] / units[i])),
    { dtype: start.dtype },
  );
}

/** The path is solved through every row at every step, and all of it is kept for the gradient. */
const longest = 20_000;

function readGrowth(table: Table, columns: Columns): TimeSeries {
  const rows = table.rows.length;
  if (rows <= longest) return readTimeSeries(table, columns);
  const every = Math.ceil(rows / longest);
  throw new PondusError(
    "data.long",
    `${table.name}: ${rows.toLocaleString("en-US")} rows came, and a path through more than ` +
      `${longest.toLocaleString("en-US")} takes too long to learn; keep one row in ${every}.`,
  );
}

/** The network sees numbers of order one: each state over its largest value, times over a quarter of their span. */
function unitsOf({ time, states }: TimeSeries) {
  return {
    states: states.map(({ values }) => values.reduce((top, y) => Math.max(top, Math.abs(y)), 0) || 1),
    time: (time.values[time.values.length - 1] - time.values[0]) / 4,
  };
}

/** The path through the states, [times, states] in units of `unitsOf(data)`: dN/dt = NN(N). */
function solve({ rate, start }: Growth, data: TimeSeries, times: readonly number[]): Tensor {
  const { time } = unitsOf(data);
  const since = times.map((t) => (t - data.time.values[0]) / time);
  return ode.solve(rate, start, since, { method: ode.rk4, substeps: 2 });
}

/** With fewer rows there is none between the first and the last that could be held out. */
const fewest = 5;

/** Which rows to learn from, and which to look at besides. */
interface Split {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Trains the network on some rows of the series, and beside it, for a single state, the logistic law. */
async function learn(session: Session<Growth, TimeSeries>, name: string, { train, validation }: Split, blind = false) {
  const { model, data, steps, rate, evaluate } = session;
  const part = rowsOf(data, train);
  const unseen = solve(model, part, data.time.values).gather(tensor(validation, { dtype: "int32" }));
  await session.minimize(name, {
    residuals: growthErrors(model, part),
    validation:
      validation.length > 0
        ? {
            loss: nn.mse(unseen, measured(model, rowsOf(data, validation), unitsOf(part).states)),
            ...(blind && { patience: Number.POSITIVE_INFINITY }),
          }
        : undefined,
    adam: () => optim.adam({ rate: optim.cosine({ initial: rate, steps }), clip: optim.clipByGlobalNorm(1) }),
  });
  const { time, states } = part;
  const [only] = states;
  const law =
    states.length === 1 && canGrow(only.values)
      ? await fitLogisticLaw(session, `${name}-logistic`, time.values, only.values)
      : undefined;
  return {
    law,
    validation,
    points: await pathAt(evaluate, model, part, data.time.values),
    curve: await pathAt(evaluate, model, part, smooth(data)),
  };
}

/** How far the network, and the law beside it, are off where they have not learned. */
function unseenErrors(data: TimeSeries, { law, points, validation }: Learned) {
  return {
    rmse: rootMeanSquare(data, points, validation),
    ...(law && { logisticRmse: rootMeanSquare(data, [law.at(data.time.values)], validation) }),
  };
}

/** The law speaks of numbers of living things: none is negative, and there are some. */
const canGrow = (values: readonly number[]) => values.every((n) => n >= 0) && values.some((n) => n > 0);

/** Times so close that a line through them looks smooth. */
const smooth = ({ time: { values } }: TimeSeries) => evenly(values[0], values[values.length - 1], 181);

/** The states at any times from the first on, in the data's own units: one list to a state. */
async function pathAt(evaluate: Trained["evaluate"], model: Growth, data: TimeSeries, times: readonly number[]) {
  const first = data.time.values[0];
  const before = times.find((t) => t < first);
  if (before !== undefined) {
    throw new PondusError("predict.time", `predict: ${before} lies before ${first}, where the path begins.`);
  }
  // A fine grid keeps the solver's steps short however far apart the wanted times are.
  const fine = evenly(first, Math.max(...times, first + Number.EPSILON), 181);
  const grid = [...new Set([...fine, ...times])].sort((a, b) => a - b);
  const { path } = await evaluate({ path: solve(model, data, grid) });
  const units = unitsOf(data);
  const width = units.states.length;
  const row = new Map(grid.map((t, i) => [t, i]));
  return units.states.map((unit, i) => times.map((t) => path.data[(row.get(t) as number) * width + i] * unit));
}

function isMonotone(values: readonly number[]): boolean {
  const rises = values.slice(1).map((y, i) => y > values[i]);
  return rises.every((up) => up === rises[0]);
}

type Learned = Awaited<ReturnType<typeof learn>>;

function plotPaths(title: string, data: TimeSeries, { law, curve }: Learned): Plot {
  const times = smooth(data);
  const { time, states } = data;
  // One state stands beside the logistic law, and there each curve has a colour of its own.
  const groupOf = (group: string) => (states.length > 1 ? { group } : {});
  const each = states.flatMap(({ name, values }, i): Series[] => [
    { name, ...groupOf(name), kind: "dots", x: time.values, y: values },
    {
      name: states.length === 1 ? "neural ODE" : `${name}, neural ODE`,
      ...groupOf(name),
      kind: "line",
      x: times,
      y: curve[i],
    },
  ]);
  const logistic: Series[] = law ? [{ name: "logistic law", kind: "line", x: times, y: law.at(times) }] : [];
  const label = states.map(({ name }) => name).join(", ");
  return { title, x: { label: time.name }, y: { label }, series: [...each, ...logistic] };
}

/** What the network learned, as a law: growth against the number that there is. */
async function plotLaws({ model, data, evaluate }: Session<Growth, TimeSeries>, law: LogisticLaw): Promise<Plot> {
  const units = unitsOf(data);
  const [{ name, values }] = data.states;
  const n = evenly(Math.min(...values), Math.max(...values), 101);
  const { rate } = await evaluate({
    rate: model.rate(tensor(n, { dtype: model.start.dtype }).div(units.states[0]).reshape([-1, 1])),
  });
  const learned = Array.from(rate.data, (x) => (x * units.states[0]) / units.time);
  return {
    title: "The law of growth",
    x: { label: name },
    y: { label: `growth per unit of ${data.time.name}` },
    series: [
      { name: "neural ODE", kind: "line", x: n, y: learned },
      { name: "logistic law", kind: "line", x: n, y: n.map((N) => law.r * N * (1 - N / law.K)) },
    ],
  };
}
