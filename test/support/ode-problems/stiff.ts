import { stack, tensor } from "pondus";
import type { Problem } from "./problem.ts";

const rates = {
  hires: [
    [-1.71, 0.43, 8.32, 0, 0, 0, 0, 0],
    [1.71, -8.75, 0, 0, 0, 0, 0, 0],
    [0, 0, -10.03, 0.43, 0.035, 0, 0, 0],
    [0, 8.32, 1.71, -1.12, 0, 0, 0, 0],
    [0, 0, 0, 0, -1.745, 0.43, 0.43, 0],
    [0, 0, 0, 0.69, 1.71, -0.43, 0.69, 0],
    [0, 0, 0, 0, 0, 0, -1.81, 0],
    [0, 0, 0, 0, 0, 0, 1.81, 0],
  ],
  inflow: [0.0007, 0, 0, 0, 0, 0, 0, 0],
  meeting: [0, 0, 0, 0, 0, -280, 280, -280],
};

// As in Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd edition 1996, IV.10, but van der Pol's time not
// scaled by mu.

/** Relaxation oscillations: mu = 1000. */
export const vanDerPol: Problem = {
  name: "vanDerPol",
  y0: [2, 0],
  end: 2000,
  rate: (_, [y, v]) => [v, 1000 * (1 - y * y) * v - y],
  law: (s) => {
    const [y, v] = [s.at(0), s.at(1)];
    return stack([v, v.sub(y.square().mul(v)).mul(1000).sub(y)]);
  },
};

/** Autocatalysis: rates of 0.04, 1e4 and 3e7 (Robertson 1966). */
export const robertson: Problem = {
  name: "robertson",
  y0: [1, 0, 0],
  end: 1e11,
  rate: (_, [a, b, c]) => [-0.04 * a + 1e4 * b * c, 0.04 * a - 1e4 * b * c - 3e7 * b * b, 3e7 * b * b],
  law: (y) => {
    const [a, b, c] = [y.at(0), y.at(1), y.at(2)];
    const [back, made] = [b.mul(c).mul(1e4).sub(a.mul(0.04)), b.square().mul(3e7)];
    return stack([back, back.add(made).neg(), made]);
  },
};

/** High irradiance response of plants: eight reactants (Schaefer 1975). */
export const hires: Problem = {
  name: "hires",
  y0: [1, 0, 0, 0, 0, 0, 0, 0.0057],
  end: 321.8122,
  rate: (_, y) =>
    rates.hires.map(
      (row, i) => row.reduce((sum, rate, j) => sum + rate * y[j], 0) + rates.inflow[i] + rates.meeting[i] * y[5] * y[7],
    ),
  law: (y) => {
    const numbers = (values: number[] | number[][]) => tensor(values, { dtype: y.dtype });
    const met = y.at(5).mul(y.at(7));
    return numbers(rates.hires).matmul(y).add(numbers(rates.inflow)).add(numbers(rates.meeting).mul(met));
  },
};
