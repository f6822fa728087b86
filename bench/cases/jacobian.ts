import { faster, type Goal } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { dense, fill, glorot, sumTolerances } from "./tensors.ts";

const [points, units] = [5000, 20];
const widths = [2, units, units, units, units, 1];
const knobs = widths.slice(1).reduce((sum, n, i) => sum + (widths[i] + 1) * n, 0);
const entries = points * knobs;

/** The matrix costs at most `need` times the gradient of the residuals' sum of squares, beside what it takes to write it. */
function nearGradient(of: string, need: number): Goal {
  const figure: Goal["figure"] = (m) => {
    const [rows, gradient, memory] = [m.best(of), m.beside("gradient")?.best(of), m.ceiling("memory")];
    return rows && gradient && memory ? (rows - (8 * entries) / 1e9 / memory) / gradient : undefined;
  };
  return { text: `${of}: less the writing, against the gradient`, need, sense: "at most", unit: "x", of, figure };
}

/** The residuals of Burgers' equation, u_t + u u_x - (0.01 / pi) u_xx, in float64, and how they change with each weight. */
export const jacobian: Case = {
  name: "jacobian",
  title: `${points.toLocaleString("en")} residuals of the Burgers PINN by ${knobs.toLocaleString("en")} weights, 4 layers of 20 tanh, float64`,
  variants: [
    { name: "gradient", sizes: { what: "gradient" }, goals: [] },
    {
      name: "matrix",
      sizes: { what: "matrix" },
      goals: [
        faster("native", 2, "jax"),
        faster("native", 3, "pytorch"),
        nearGradient("pondus-native-1", 3),
        nearGradient("pondus-native", 3),
      ],
    },
  ],
  data: () => {
    const random = new Random("jacobian");
    return {
      at: fill([points, 2], (i) => (i % 2 === 0 ? random.between(-1, 1) : random.uniform())),
      ...dense(random, widths, glorot),
    };
  },
  tolerances: (reference, { what }) => sumTolerances(reference, what === "matrix" ? entries : knobs),
};
