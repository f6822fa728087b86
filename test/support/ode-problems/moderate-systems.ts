import { concat, eye, type Tensor, tensor } from "pondus";
import type { Problem } from "./problem.ts";

const end = 20;
const first = (n: number) => Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0));
const below = (y: Tensor) => y.slice(0, -1).padAxis(1, 0, 0);
const above = (y: Tensor) => y.slice(1).padAxis(0, 1, 0);

/** Class C of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 603, 1972): moderate systems. */
export const moderateSystems: readonly Problem[] = [
  {
    name: "C1", // a radioactive decay chain
    ...chain(() => 1),
    exact: (t) => {
      const y = [Math.exp(-t)];
      for (let i = 1; i < 9; i++) y.push((y[i - 1] * t) / i);
      return [...y, 1 - y.reduce((sum, x) => sum + x)];
    },
  },
  {
    name: "C2", // another: each decays faster than the one before
    ...chain((i) => i + 1),
    exact: (t) => {
      const gone = -Math.expm1(-t);
      return [...Array.from({ length: 9 }, (_, i) => Math.exp(-t) * gone ** i), gone ** 9];
    },
  },
  { name: "C3", ...diffusion(10) },
  { name: "C4", ...diffusion(51) },
  { name: "C5", ...outerPlanets() },
];

/** y_i' = speed(i - 1) y_(i - 1) - speed(i) y_i of ten, the last of which stays. */
function chain(speed: (i: number) => number) {
  const speeds = Array.from({ length: 10 }, (_, i) => (i < 9 ? speed(i) : 0));
  return {
    y0: first(10),
    end,
    rate: (_: number, y: readonly number[]) => {
      const decay = y.map((x, i) => speeds[i] * x);
      return decay.map((x, i) => (i === 0 ? 0 : decay[i - 1]) - x);
    },
    law: (y: Tensor) => {
      const decay = y.mul(tensor(speeds, { dtype: y.dtype }));
      return below(decay).sub(decay);
    },
  };
}

/** The heat equation on a line of n points with cold ends; its eigenvectors are sines. */
function diffusion(n: number) {
  const angle = Math.PI / (n + 1);
  return {
    y0: first(n),
    end,
    rate: (_: number, y: readonly number[]) => y.map((x, i) => (y[i - 1] ?? 0) - 2 * x + (y[i + 1] ?? 0)),
    law: (y: Tensor) => below(y).add(above(y)).sub(y.mul(2)),
    exact: (t: number) =>
      first(n).map((_, i) => {
        let y = 0;
        for (let k = 1; k <= n; k++) {
          const decay = Math.exp(-4 * Math.sin((k * angle) / 2) ** 2 * t);
          y += (2 / (n + 1)) * Math.sin(k * angle) * Math.sin((i + 1) * k * angle) * decay;
        }
        return y;
      }),
  };
}

/** The five outer planets about the sun: 15 positions, then 15 velocities. */
function outerPlanets() {
  const gravity = 2.95912208286;
  const sun = 1.00000597682;
  const masses = [0.000954786104043, 0.000285583733151, 0.0000437273164546, 0.0000517759138449, 0.00000277777777778];
  const cube = (v: readonly number[]) => v.reduce((sum, x) => sum + x * x, 0) ** 1.5;
  return {
    y0: [
      ...[3.42947415189, 3.35386959711, 1.35494901715],
      ...[6.6414554255, 5.97156957878, 2.18231499728],
      ...[11.2630437207, 14.6952576794, 6.27960525067],
      ...[-30.1552268759, 1.65699966404, 1.43785752721],
      ...[-21.123835338, 28.4465098142, 15.3882659679],
      ...[-0.557160570446, 0.505696783289, 0.230578543901],
      ...[-0.415570776342, 0.365682722812, 0.169143213293],
      ...[-0.325325669158, 0.189706021964, 0.087726532278],
      ...[-0.024047625417, -0.287659532608, -0.117219543175],
      ...[-0.176860753121, -0.216393453025, -0.014864789309],
    ],
    end,
    rate: (_: number, y: readonly number[]) => {
      const at = masses.map((_, i) => y.slice(3 * i, 3 * i + 3));
      const pull = at.flatMap((here, i) =>
        here.map((x, axis) => {
          const others = at.map((there, j) => {
            const away = there.map((p, k) => p - here[k]);
            return i === j ? 0 : masses[j] * (away[axis] / cube(away) - there[axis] / cube(there));
          });
          return gravity * others.reduce((sum, f) => sum + f, (-(sun + masses[i]) * x) / cube(here));
        }),
      );
      return [...y.slice(15), ...pull];
    },
    law: (y: Tensor) => {
      const at = y.slice(0, 15).reshape([5, 3]);
      const mass = tensor(masses, { dtype: y.dtype }).unsqueeze(1);
      const cubed = (square: Tensor) => square.mul(square.sqrt());
      const away = at.unsqueeze(0).sub(at.unsqueeze(1)); // [here, there, axis]
      // Nobody is at a distance of 0 of itself, where a root has no derivative.
      const between = cubed(away.square().sum(2, { keepDims: true }).add(eye(5, y.dtype).unsqueeze(2)));
      const near = at.div(cubed(at.square().sum(1, { keepDims: true })));
      // A planet pulls at the sun too, which all others feel.
      const dragged = near.mul(mass).sum(0, { keepDims: true }).sub(near.mul(mass));
      const pull = away.div(between).mul(mass.unsqueeze(0)).sum(1).sub(dragged);
      return concat([
        y.slice(15),
        pull
          .sub(near.mul(mass.add(sun)))
          .mul(gravity)
          .flatten(),
      ]);
    },
  };
}
