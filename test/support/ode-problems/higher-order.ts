import { stack } from "pondus";
import type { Problem } from "./problem.ts";

/**
 * Class E of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 603, 1972): equations of second order,
 * as a state of the value and its derivative.
 */
export const higherOrder: readonly Problem[] = [
  {
    name: "E1", // Bessel's equation of order 1/2, from x = 1
    y0: bessel(1),
    end: 20,
    rate: (t, [y, v]) => [v, -(v / (t + 1) + (1 - 0.25 / (t + 1) ** 2) * y)],
    law: (s, t) => {
      const x = t.add(1);
      const stiffness = x.square().mul(4).pow(-1).neg().add(1);
      return stack([
        s.at(1),
        s
          .at(1)
          .div(x)
          .add(stiffness.mul(s.at(0)))
          .neg(),
      ]);
    },
    exact: (t) => bessel(t + 1),
  },
  {
    name: "E2", // van der Pol's oscillator
    y0: [2, 0],
    end: 20,
    rate: (_, [y, v]) => [v, (1 - y * y) * v - y],
    law: (s) => {
      const [y, v] = [s.at(0), s.at(1)];
      return stack([v, v.sub(y.square().mul(v)).sub(y)]);
    },
  },
  {
    name: "E3", // Duffing's oscillator, driven
    y0: [0, 0],
    end: 20,
    rate: (t, [y, v]) => [v, y ** 3 / 6 - y + 2 * Math.sin(2.78535 * t)],
    law: (s, t) => {
      const y = s.at(0);
      const drive = t.mul(2.78535).sin().mul(2);
      return stack([s.at(1), y.square().mul(y).div(6).sub(y).add(drive)]);
    },
  },
  {
    name: "E4", // a body that falls through air
    y0: [30, 0],
    end: 20,
    rate: (_, [, v]) => [v, 0.032 - 0.4 * v * v],
    law: (s) => stack([s.at(1), s.at(1).square().mul(-0.4).add(0.032)]),
    exact: (t) => {
      const rate = Math.sqrt(0.032 * 0.4);
      return [30 + Math.log(Math.cosh(rate * t)) / 0.4, Math.sqrt(0.032 / 0.4) * Math.tanh(rate * t)];
    },
  },
  {
    name: "E5", // a pursuit along a curve
    y0: [0, 0],
    end: 20,
    rate: (t, [, v]) => [v, Math.sqrt(1 + v * v) / (25 - t)],
    law: (s, t) => stack([s.at(1), s.at(1).square().add(1).sqrt().div(t.neg().add(25))]),
    exact: (t) => {
      const left = 1 - t / 25;
      return [12.5 * (-Math.log(left) - (1 - left * left) / 2), (1 / left - left) / 2];
    },
  },
];

/** J_(1/2)(x) = sqrt(2 / (pi x)) sin x, and its derivative. */
function bessel(x: number): number[] {
  const scale = Math.sqrt(2 / (Math.PI * x));
  return [scale * Math.sin(x), scale * (Math.cos(x) - Math.sin(x) / (2 * x))];
}
