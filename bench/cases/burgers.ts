import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { dense, fill, glorot } from "./tensors.ts";

/** u_t + u u_x = (0.01 / pi) u_xx on x in [-1, 1], t in [0, 1]; u = -sin(pi x) at first and 0 at both ends. */
export const burgers: Case = {
  name: "burgers",
  title: "loss and gradient of the Burgers PINN, 8 layers of 20 tanh, 10,000 + 100 points",
  variants: [{ name: "gradient", sizes: {}, goals: [faster("native", 2, "jax"), faster("native", 5, "pytorch")] }],
  data: () => {
    const random = new Random("burgers");
    const at = Array.from({ length: 100 }, (_, i) =>
      i < 50 ? [random.between(-1, 1), 0] : [i % 2 === 0 ? -1 : 1, random.uniform()],
    );
    return {
      interior: fill([10_000, 2], (i) => (i % 2 === 0 ? random.between(-1, 1) : random.uniform())),
      points: fill([100, 2], (i) => at[i >> 1][i % 2]),
      values: fill([100, 1], (i) => (i < 50 ? -Math.sin(Math.PI * at[i][0]) : 0)),
      ...dense(random, [2, ...Array<number>(8).fill(20), 1], glorot),
    };
  },
};
