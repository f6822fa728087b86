import type { Problem } from "./problem.ts";

/** Class A of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 603, 1972): single equations. */
export const singleEquations: readonly Problem[] = [
  {
    name: "A1",
    y0: [1],
    end: 20,
    rate: (_, [y]) => [-y],
    law: (y) => y.neg(),
    exact: (t) => [Math.exp(-t)],
  },
  {
    name: "A2",
    y0: [1],
    end: 20,
    rate: (_, [y]) => [-(y ** 3) / 2],
    law: (y) => y.square().mul(y).mul(-0.5),
    exact: (t) => [1 / Math.sqrt(1 + t)],
  },
  {
    name: "A3",
    y0: [1],
    end: 20,
    rate: (t, [y]) => [y * Math.cos(t)],
    law: (y, t) => y.mul(t.cos()),
    exact: (t) => [Math.exp(Math.sin(t))],
  },
  {
    name: "A4",
    y0: [1],
    end: 20,
    rate: (_, [y]) => [(y / 4) * (1 - y / 20)],
    law: (y) => y.div(4).mul(y.div(-20).add(1)),
    exact: (t) => [20 / (1 + 19 * Math.exp(-t / 4))],
  },
  {
    name: "A5",
    y0: [4],
    end: 20,
    rate: (t, [y]) => [(y - t) / (y + t)],
    law: (y, t) => y.sub(t).div(y.add(t)),
  },
];
