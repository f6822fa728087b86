import type { Plot, Series } from "../../experiment/report/plot.ts";
import type { Experiment } from "./motion.ts";

/** Forces of the laws on what counts of the unseen motion, by the laws' names. */
type Forces = Readonly<Record<string, readonly number[]>>;

/** The laws that are drawn. */
const drawn = ["Stribeck", "LuGre", "neural ODE"];

/** Samples that are drawn at most: more would be a black bar. */
const most = 600;

/** The first run of the unseen motion, from where it counts. */
function firstRun({ unseen }: Experiment) {
  const [{ time, velocity, force }] = unseen.records;
  const cut = (values: ArrayLike<number>) => Array.from(values).slice(unseen.from, unseen.from + most);
  const every = unseen.records.length;
  const ofRun = (values: readonly number[]) => values.filter((_, i) => i % every === 0).slice(0, most);
  return { time: cut(time), velocity: cut(velocity), force: cut(force), ofRun };
}

const measuredName = (simulated: boolean) => (simulated ? "simulated, with noise" : "measured");

/** Force against time. */
export function plotMotion(experiment: Experiment, forces: Forces, simulated: boolean): Plot {
  const { time, force, ofRun } = firstRun(experiment);
  return {
    title: "The unseen motion",
    x: { label: experiment.units.time },
    y: { label: experiment.units.force },
    series: [
      { name: measuredName(simulated), kind: "dots", x: time, y: force },
      ...drawn.map((name): Series => ({ name, kind: "line", x: time, y: ofRun(forces[name]) })),
    ],
  };
}

/** Force against velocity: what has memory draws loops, what has none a single curve. */
export function plotLoops(experiment: Experiment, forces: Forces, simulated: boolean): Plot {
  const { velocity, force, ofRun } = firstRun(experiment);
  const stribeck = ofRun(forces.Stribeck);
  const order = velocity.map((_, i) => i).sort((a, b) => velocity[a] - velocity[b]);
  return {
    title: "Hysteresis on the unseen motion",
    x: { label: experiment.units.velocity },
    y: { label: experiment.units.force },
    series: [
      { name: measuredName(simulated), kind: "dots", x: velocity, y: force },
      { name: "Stribeck", kind: "line", x: order.map((i) => velocity[i]), y: order.map((i) => stribeck[i]) },
      { name: "neural ODE", kind: "line", x: velocity, y: ofRun(forces["neural ODE"]) },
    ],
  };
}
