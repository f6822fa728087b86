import { stack } from "pondus";
import type { Problem } from "./problem.ts";

/**
 * Class D of DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 603, 1972): orbits of eccentricity 0.1,
 * 0.3, 0.5, 0.7, 0.9 about a centre, from the nearest point. The state is x, y and their velocities.
 */
export const orbits: readonly Problem[] = [0.1, 0.3, 0.5, 0.7, 0.9].map((e, i) => ({
  name: `D${i + 1}`,
  y0: [1 - e, 0, 0, Math.sqrt((1 + e) / (1 - e))],
  end: 20,
  rate: (_, [x, y, vx, vy]) => {
    const cube = (x * x + y * y) ** 1.5;
    return [vx, vy, -x / cube, -y / cube];
  },
  law: (s) => {
    const [x, y] = [s.at(0), s.at(1)];
    const square = x.square().add(y.square());
    const cube = square.mul(square.sqrt());
    return stack([s.at(2), s.at(3), x.div(cube).neg(), y.div(cube).neg()]);
  },
  exact: (t) => {
    // Kepler's equation, u - e sin u = t, by Newton's method.
    let u = t + e * Math.sin(t);
    for (let k = 0; k < 50; k++) u -= (u - e * Math.sin(u) - t) / (1 - e * Math.cos(u));
    const speed = 1 / (1 - e * Math.cos(u));
    const short = Math.sqrt(1 - e * e);
    return [Math.cos(u) - e, short * Math.sin(u), -Math.sin(u) * speed, short * Math.cos(u) * speed];
  },
}));
