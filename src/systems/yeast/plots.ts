import { scaled } from "../../experiment/data/scaled-series.ts";
import type { TimeSeries } from "../../experiment/data/time-series.ts";
import { evenly, type Plot, type Series } from "../../experiment/report/plot.ts";
import type { Session } from "../../experiment/system.ts";
import { tensor } from "../../tensor/functions.ts";
import { bandOf, percentiles } from "./ensemble.ts";
import { type Growth, membersOf } from "./growth-model.ts";
import { type Law, titles } from "./laws.ts";
import type { Learned } from "./learn.ts";
import { smooth } from "./series.ts";

const [low, high] = percentiles;

/** What a band of members is called. */
const bandName = `${low} % to ${high} % of members`;

/** Measurements and curves over time. */
export async function plotPaths(title: string, data: TimeSeries, learned: Learned, law: Law): Promise<Plot> {
  const times = smooth(data);
  const { time, states } = data;
  const { beside, band, points } = learned;
  const known = await beside?.at(times);
  const several = states.length > 1;
  const isEnsemble = points.length > 1;
  const each = states.flatMap(({ name, values }, i): Series[] => {
    // One state stands beside the law, and there each curve has a colour of its own.
    const group = several ? name : titles[law];
    const called = (what: string) => (several ? `${name}, ${what}` : what);
    return [
      { name, group: several ? name : "measured", kind: "dots", x: time.values, y: values },
      {
        name: called(isEnsemble ? `${titles[law]}, mean` : titles[law]),
        group,
        kind: "line",
        x: times,
        y: band.mean[i],
      },
      ...(isEnsemble
        ? [{ name: called(bandName), group, kind: "band", x: times, y: band.low[i], y2: band.high[i] } as const]
        : []),
      ...(beside && known
        ? [{ name: called(beside.title), group: called(beside.title), kind: "line", x: times, y: known[i] } as const]
        : []),
    ];
  });
  return { title, x: { label: time.name }, y: { label: states.map(({ name }) => name).join(", ") }, series: each };
}

/** Two states against each other: a cycle is a closed curve. */
export async function plotPhases(data: TimeSeries, { beside, band }: Learned, law: Law): Promise<Plot> {
  const [x, y] = data.states;
  const known = await beside?.at(smooth(data));
  return {
    title: "The phase plane",
    x: { label: x.name },
    y: { label: y.name },
    series: [
      { name: "measured", kind: "dots", x: x.values, y: y.values },
      { name: titles[law], kind: "line", x: band.mean[0], y: band.mean[1] },
      ...(beside && known ? [{ name: beside.title, kind: "line", x: known[0], y: known[1] } as const] : []),
    ],
  };
}

/** What was learned, as a law of one state: growth against the number that there is. */
export async function plotLaws(
  { model, data, evaluate }: Pick<Session<Growth, TimeSeries>, "model" | "data" | "evaluate">,
  { beside }: Learned,
  law: Law,
): Promise<Plot> {
  const { units } = scaled(data);
  const [{ name, values }] = data.states;
  const n = evenly(Math.min(...values), Math.max(...values), 101);
  const members = membersOf(model) ?? 1;
  const here = tensor(n, { dtype: model.start.dtype }).div(units.states[0]).reshape([-1, 1]);
  const input = model.start.rank === 2 ? here.unsqueeze(0).expand([members, n.length, 1]) : here;
  const { rate } = await evaluate({ rate: model.rate(input) });
  const learned = Array.from(rate.data, (x) => (x * units.states[0]) / units.time);
  const each = Array.from({ length: members }, (_, m) => [learned.slice(m * n.length, (m + 1) * n.length)]);
  const band = bandOf(each);
  const group = titles[law];
  const logistic = beside?.logistic;
  return {
    title: "The law of growth",
    x: { label: name },
    y: { label: `growth per unit of ${data.time.name}` },
    series: [
      { name: titles[law], group, kind: "line", x: n, y: band.mean[0] },
      ...(members > 1
        ? [{ name: bandName, group, kind: "band", x: n, y: band.low[0], y2: band.high[0] } as const]
        : []),
      ...(logistic
        ? [
            {
              name: "logistic law",
              kind: "line",
              x: n,
              y: n.map((N) => logistic.r * N * (1 - N / logistic.K)),
            } as const,
          ]
        : []),
    ],
  };
}
