import { memoryHere } from "#host/memory";
import { scaled } from "../experiment/data/scaled-series.ts";
import type { Metrics } from "../experiment/metrics.ts";
import type { Plot, Series } from "../experiment/report/plot.ts";
import { defineSystem } from "../experiment/system.ts";
import { costOf, heldBy, type Method, methods, type Race, race } from "./curvature/race.ts";
import dimer, { atomPair, bondErrors, type Dimer } from "./dimer.ts";
import yeast, { carlson, type Growth, growthErrors, growthModel } from "./yeast.ts";

const titles: Readonly<Record<Method, string>> = {
  descent: "gradient descent",
  adam: "Adam",
  lbfgs: "L-BFGS",
  newton: "Newton-CG",
  natural: "natural gradient",
  lm: "Levenberg-Marquardt",
};

/** What the neural ODE learns. */
const measurements = scaled(carlson);

/** The most steps that any training here takes; `--steps` shortens or lengthens all of them alike. */
const longest = 30_000;

/** Numbers of knobs to ask the price of. */
const sizes = [1e3, 1e6, 1e9];

/**
 * The problems of two other pages by optimizers that know the slope alone and by such that know the curvature: a neural ODE
 * of 1,154 knobs on 19 measurements of yeast, and the 37 knobs of the argon dimer on 217 residuals. All begin with the
 * same weights, those of the pages, and get the steps that the pages give them.
 *
 * The question is what it costs to come to the lowest loss that Adam found. Costs are in gradients
 * (`optim.gradientEquivalents`), and Adam's is that of its best step size, without the search for it.
 */
export default defineSystem({
  name: "curvature",
  title: "Slope and curvature",
  summary: "Gradient descent, Adam, L-BFGS, Newton, natural gradient and Levenberg-Marquardt race on yeast and dimer.",
  settings: { steps: longest },

  model: (): { yeast: Growth; dimer: Dimer } => ({ yeast: growthModel(measurements, "float64"), dimer: atomPair() }),

  async train(session) {
    const { model, steps } = session;
    const share = steps / longest;
    const growth = await race(session, {
      name: "yeast",
      model: model.yeast,
      residuals: growthErrors(model.yeast, measurements),
      // Where the page stops, the network has learned the measurements well enough; here the way down goes on.
      budgets: { ...yeast.optimizers, lm: { steps: 200 } },
      share,
    });
    const energy = await race(session, {
      name: "dimer",
      model: model.dimer,
      residuals: bondErrors(model.dimer),
      budgets: dimer.optimizers,
      share,
      damping: 100,
    });
    return {
      metrics: { yeast: compared(growth), dimer: compared(energy), memory: memory() },
      plots: [...plotsOf("Yeast", growth), ...plotsOf("Dimer", energy), memoryPlot()],
    };
  },
});

/**
 * Every method's figures; how many times as much as Levenberg-Marquardt Adam costs to its lowest loss (`ratio`), and the
 * same for each other step size that it had, to its own lowest loss.
 */
function compared(races: readonly Race[]): Metrics {
  const [adam, lm] = ["adam", "lm"].map((method) => races.find((r) => r.method === method) as Race);
  const ratio = (slow: Race): Metrics => {
    const [many, few] = [slow, lm].map((r) => costOf(r, slow.loss));
    return many && few ? { ratio: many / few } : {};
  };
  const rows = races.map((r): [string, Metrics] => {
    const gradientEquivalents = costOf(r, adam.loss);
    const rates = r.tried?.map((t) => [`rate ${t.learningRate}`, { loss: t.loss, ...(r === adam && ratio(t)) }]) ?? [];
    return [
      r.method,
      {
        reached: gradientEquivalents !== undefined,
        ...(gradientEquivalents !== undefined && { gradientEquivalents }),
        steps: r.steps,
        loss: r.loss,
        // Of a race that was run before a resume, the time is not known.
        ...(r.seconds > 0 && { seconds: r.seconds }),
        bytes: r.bytes,
        ...(r.learningRate !== undefined && { rate: r.learningRate }),
        ...Object.fromEntries(rates),
      },
    ];
  });
  return { target: adam.loss, ...ratio(adam), ...Object.fromEntries(rows) };
}

/** What each method would hold at other sizes, and whether this machine could. */
function memory(): Metrics {
  const here = memoryHere() ?? Number.POSITIVE_INFINITY;
  const each = (knobs: number) =>
    methods.map((method): [string, Metrics] => {
      const bytes = heldBy(method, knobs);
      return [method, { bytes, fits: bytes <= here }];
    });
  return Object.fromEntries(sizes.map((n) => [n.toExponential().replace("+", ""), Object.fromEntries(each(n))]));
}

/** The loss against what it took: gradients, seconds, steps, and memory. */
function plotsOf(problem: string, races: readonly Race[]): Plot[] {
  const by = (what: string, label: string, x: (r: Race, at: Race["way"][number]) => number): Plot => ({
    title: `${problem} by ${what}`,
    x: { label, scale: "log" },
    y: { label: "loss", scale: "log" },
    series: races.map((r): Series => {
      const way = r.way.filter((at) => x(r, at) > 0);
      return { name: titles[r.method], kind: "line", x: way.map((at) => x(r, at)), y: way.map((at) => at.loss) };
    }),
  });
  return [
    by("cost", "gradients evaluated", (_, at) => at.cost),
    by("time", "seconds", (r, at) => (r.seconds * at.step) / r.steps),
    by("steps", "steps", (_, at) => at.step),
    {
      title: `${problem} by memory`,
      x: { label: "bytes beside the knobs", scale: "log" },
      y: { label: "lowest loss", scale: "log" },
      series: races.map((r) => ({ name: titles[r.method], kind: "dots", x: [r.bytes], y: [r.loss] })),
    },
  ];
}

function memoryPlot(): Plot {
  const x = Array.from({ length: 7 }, (_, i) => 10 ** (3 + i));
  const lines = methods.map(
    (method): Series => ({ name: titles[method], kind: "line", x, y: x.map((n) => heldBy(method, n)) }),
  );
  const here = memoryHere();
  return {
    title: "Memory by the number of knobs",
    x: { label: "knobs", scale: "log" },
    y: { label: "bytes beside the knobs", scale: "log" },
    series: here === undefined ? lines : [...lines, { name: "this machine", kind: "line", x, y: x.map(() => here) }],
  };
}
