import type { ScaledSeries } from "../../experiment/data/scaled-series.ts";
import type { TimeSeries } from "../../experiment/data/time-series.ts";
import { PondusError } from "../../graph/errors.ts";
import { logisticRate } from "../../laws/growth/logistic.ts";
import { lotkaVolterra } from "../../laws/growth/lotka-volterra.ts";
import * as nn from "../../nn/index.ts";
import { parameter, weightOf } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { guessInteraction } from "./lotka-volterra.ts";
import { canEat, canGrow } from "./series.ts";

/**
 * What `--law` chooses from. A network beside a law begins near the data, and goes gently or it would run off; the law alone
 * has few knobs, and least squares find them at once.
 */
export const laws = {
  network: {},
  hybrid: { learningRate: 3e-3 },
  augmented: {},
  classical: { optimizer: "lm" },
  logistic: { optimizer: "lm" },
  "lotka-volterra": { optimizer: "lm" },
} as const;
export type Law = keyof typeof laws;

/** How curves are called that follow from it. */
export const titles: Readonly<Record<Law, string>> = {
  network: "neural ODE",
  hybrid: "law and network",
  augmented: "augmented neural ODE",
  classical: "the law, solved",
  logistic: "logistic equation, solved",
  "lotka-volterra": "Lotka-Volterra, solved",
};

/** States beside the measured ones that an augmented neural ODE has (Dupont, Doucet & Teh, NeurIPS 2019). */
export const hiddenStates = 2;

export const isClassical = (law: Law) => law === "classical" || law === "logistic" || law === "lotka-volterra";

/** Which law is known of such a series. */
export function knownLaw(data: TimeSeries): "logistic" | "lotka-volterra" | undefined {
  if (canGrow(data)) return "logistic";
  return canEat(data) ? "lotka-volterra" : undefined;
}

export interface RateOptions {
  readonly law: Law;
  readonly dtype: "float32" | "float64";
  readonly members?: number;
}

/**
 * The rate of change as a layer, in the units of its input to a unit of time: of the measured states, and of the hidden ones where there are.
 *
 * @throws `data.law` when no such law is known of the series
 */
export function rateLayer(data: TimeSeries, { law, dtype, members }: RateOptions): nn.Layer {
  const n = data.states.length;
  if (law === "network") return network(n, { dtype, members });
  if (law === "augmented") return network(n + hiddenStates, { dtype, members });
  const known = requireLaw(data, law);
  const { knobs, rate } = knownRate(known, { law, dtype, members });
  const described = { name: known, parameters: knobs, ...(members === undefined && { takes: [n] }) };
  if (isClassical(law)) return nn.layer(known, rate, described);
  // The network starts at 0, and the law alone speaks at first.
  const inside = network(n, { dtype, members }, nn.init.zeros);
  const name = `${known} and ${inside.name}`;
  return nn.layer("hybrid", (x) => rate(x).add(inside(x)), { ...described, name, children: { network: inside } });
}

function network(n: number, { members, ...options }: Omit<RateOptions, "law">, init?: typeof nn.init.zeros): nn.Layer {
  const last = { ...options, ...(init && { init }) };
  const one = nn.sequential(
    nn.dense(n, 32, options),
    nn.gelu,
    nn.dense(32, 32, options),
    nn.gelu,
    nn.dense(32, n, last),
  );
  return members === undefined ? one : nn.ensemble(members, one);
}

function requireLaw(data: TimeSeries, law: Law): "logistic" | "lotka-volterra" {
  const known = knownLaw(data);
  if (known && (law === known || law === "hybrid" || law === "classical")) return known;
  const [is, wants] = known
    ? [`for these data it is ${known}`, ""]
    : [
        "none is known of these data",
        " (logistic wants one state, none of it negative; lotka-volterra two, all above 0)",
      ];
  throw new PondusError(
    "data.law",
    `--law ${law}: ${is}${wants}; leave --law out, or choose network or augmented, which want no such law.`,
  );
}

interface KnownRate {
  readonly knobs: Readonly<Record<string, Tensor>>;
  readonly rate: (x: Tensor) => Tensor;
}

/** The known law in the same units, its knobs one to a member. */
function knownRate(known: "logistic" | "lotka-volterra", { dtype, members }: RateOptions): KnownRate {
  const lead = members === undefined ? [] : [members];
  const knob = (name: string, values: readonly number[]) =>
    parameter([...lead, values.length], () => (i) => values[i % values.length], { name, dtype });
  // A knob of a member stands beside each row of its batch.
  const at = (k: Tensor, x: Tensor) => (x.rank > k.rank ? k.unsqueeze(-2) : k);
  if (known === "logistic") {
    const [r, K] = [knob("r", [2]), knob("K", [1])];
    const rate = (x: Tensor) => logisticRate(x, { rate: at(r, x), capacity: at(K, x) });
    return { knobs: { r, K }, rate };
  }
  const [growth, interaction] = [knob("growth", [0, 0]), knob("interaction", [0, 0])];
  const rate = (x: Tensor) => lotkaVolterra(x, { growth: at(growth, x), interaction: at(interaction, x) });
  return { knobs: { growth, interaction }, rate };
}

/** Puts the knobs of Lotka and Volterra where a fit to these rows may begin; those of other laws are there. */
export function startLaw({ parameters }: nn.Layer, { series, units }: ScaledSeries): void {
  const { growth, interaction } = parameters;
  if (!growth || !interaction) return;
  const guess = guessInteraction(series);
  const put = (x: Tensor, values: readonly number[]) =>
    weightOf(x)?.write(Array.from({ length: x.size }, (_, i) => values[i % values.length]));
  const rates = guess.growth.map((a) => a * units.time);
  put(growth, rates);
  put(
    interaction,
    guess.interaction.map((b, i) => b * units.time * units.states[1 - i]),
  );
}
