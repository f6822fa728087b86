import { stack } from "pondus";
import type { Problem } from "./problem.ts";

/** Class B of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 603, 1972): small systems. */
export const smallSystems: readonly Problem[] = [
  {
    name: "B1", // two populations in conflict
    y0: [1, 3],
    end: 20,
    rate: (_, [a, b]) => [2 * (a - a * b), -(b - a * b)],
    law: (y) => {
      const [a, b] = [y.at(0), y.at(1)];
      const met = a.mul(b);
      return stack([a.sub(met).mul(2), met.sub(b)]);
    },
  },
  {
    name: "B2", // a linear chemical reaction
    y0: [2, 0, 1],
    end: 20,
    rate: (_, [a, b, c]) => [-a + b, a - 2 * b + c, b - c],
    law: (y) => {
      const [first, second] = [y.at(1).sub(y.at(0)), y.at(1).sub(y.at(2))];
      return stack([first, first.add(second).neg(), second]);
    },
    exact: (t) => {
      const [slow, fast] = [Math.exp(-t), Math.exp(-3 * t)];
      return [1 + (slow + fast) / 2, 1 - fast, 1 - (slow - fast) / 2];
    },
  },
  {
    name: "B3", // a nonlinear chemical reaction
    y0: [1, 0, 0],
    end: 20,
    rate: (_, [a, b]) => [-a, a - b * b, b * b],
    law: (y) => {
      const [a, squared] = [y.at(0), y.at(1).square()];
      return stack([a.neg(), a.sub(squared), squared]);
    },
  },
  {
    name: "B4", // a curve on a torus
    y0: [3, 0, 0],
    end: 20,
    rate: (_, [x, y, z]) => {
      const r = Math.sqrt(x * x + y * y);
      return [-y - (x * z) / r, x - (y * z) / r, x / r];
    },
    law: (s) => {
      const [x, y, z] = [s.at(0), s.at(1), s.at(2)];
      const r = x.square().add(y.square()).sqrt();
      return stack([y.add(x.mul(z).div(r)).neg(), x.sub(y.mul(z).div(r)), x.div(r)]);
    },
    exact: (t) => [Math.cos(t) * (2 + Math.cos(t)), Math.sin(t) * (2 + Math.cos(t)), Math.sin(t)],
  },
  {
    name: "B5", // a rigid body turning freely
    y0: [0, 1, 1],
    end: 20,
    rate: (_, [x, y, z]) => [y * z, -x * z, -0.51 * x * y],
    law: (s) => {
      const [x, y, z] = [s.at(0), s.at(1), s.at(2)];
      return stack([y.mul(z), x.mul(z).neg(), x.mul(y).mul(-0.51)]);
    },
  },
];
