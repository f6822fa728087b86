import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import { type Case, type Data, type Sizes, size, type Variant } from "./case.ts";
import { dense, fill, glorot, sumTolerances } from "./tensors.ts";

/** Of the Lorenz trajectories, those whose states are compared, and how many numbers a state has. */
const [compared, axes] = [8, 3];
const [samples, state, units, times] = [32, 2, 32, 20];

/**
 * Steps as long as the error allows, in float64, by the method of Tsitouras (Comput. Math. Appl. 62(2), 2011) with the
 * controller of textbooks: a step is 0.9 r^(-1/5) times the one before, between 0.2 and 10.
 *
 * `lorenz` takes each trajectory by steps of its own and keeps its end; who has no such method takes another of that
 * order. The others solve a neural ODE, whose samples are one state with one error, and want 20 states along the way
 * and the gradient of the squares' mean: through all steps, through steps of which few are kept, and by the adjoint
 * equation, where the weights' part of it does not bound the steps (Kidger et al., arXiv:2009.09457). At most 256 steps.
 */
export const diffeq: Case = {
  name: "diffeq",
  title: "adaptive Tsit5, float64, tolerances 1e-6",
  variants: [
    {
      name: "lorenz, 1,000 trajectories to t = 10",
      sizes: { what: "lorenz", trajectories: 1000 },
      goals: [faster("native", 2, "jax"), faster("native", 10, "scipy")],
    },
    neural("gradient, all steps", { what: "gradient", checkpoints: 0 }),
    neural("gradient, 16 checkpoints", { what: "checkpointed", checkpoints: 16 }),
    neural("gradient, backsolve", { what: "backsolve", checkpoints: 0 }),
  ],
  data: (sizes) => (sizes.what === "lorenz" ? starts(size(sizes, "trajectories")) : spirals()),
  tolerances: (reference, { what }, participant) =>
    what === "lorenz" ? lorenzTolerances(reference, participant) : gradientTolerances(reference),
};

function neural(name: string, sizes: Sizes): Variant {
  return { name, sizes, goals: [] };
}

/** [3, trajectories], about where the attractor is. */
function starts(trajectories: number): Data {
  const random = new Random("lorenz");
  return {
    y0: fill([axes, trajectories], (i) => (i < 2 * trajectories ? random.between(-15, 15) : random.between(10, 40))),
  };
}

/**
 * Samples that spiral inwards, y' = A y with A = [[-0.1, 2], [-2, -0.1]], and a network that knows it by half: its weights
 * are random but for the last, which make of the others about A y where tanh is a straight line.
 */
function spirals(): Data {
  const random = new Random("spirals");
  const y0 = fill([samples, state], () => random.between(-2, 2));
  const targets = fill([times, samples, state], (i) => {
    const [t, row] = [Math.floor(i / (samples * state)) / 2, (i % (samples * state)) >> 1];
    const [x, y] = [y0.data[2 * row], y0.data[2 * row + 1]];
    const [cos, sin] = [Math.cos(2 * t) * Math.exp(-t / 10), Math.sin(2 * t) * Math.exp(-t / 10)];
    return i % 2 === 0 ? x * cos + y * sin : y * cos - x * sin;
  });
  const weights = dense(random, [state, units, state], glorot);
  const [first, share] = [weights.w0.data, (state + units) / (2 * units)];
  const w1 = fill([units, state], (i) => {
    const [x, y] = [first[i >> 1], first[units + (i >> 1)]];
    return share * (i % 2 === 0 ? -0.1 * x + 2 * y : -2 * x - 0.1 * y);
  });
  return { y0, targets, times: fill([times], (i) => i / 2), ...weights, w1 };
}

/**
 * Of [states at t = 2 ..., mean of |y|^2 at t = 10, mean steps, mean steps tried]. Errors grow e-fold in a unit of time:
 * at t = 2 states agree still, and later only in the mean. Who takes fewer steps has not done the work. diffrax makes no
 * step shorter than the one before it unless that was refused: it takes as many steps, and tries 8 % more. SciPy's method
 * is another one, and its means are of a few trajectories.
 */
function lorenzTolerances(reference: readonly number[], participant: string | undefined): number[] {
  const means = participant === "scipy" ? [0.3, 0.3, 0.3] : [0.02, 0.03, 0.12];
  return reference.map((x, i) => (i < compared * axes ? 3e-3 : means[i - compared * axes] * x));
}

/** Of [loss, steps, and of each weight's gradient its sum, sum of squares, first and last number]. */
function gradientTolerances([loss, steps, ...gradients]: readonly number[]): number[] {
  const counts = [state * units, units, units * state, state];
  return [1e-4 * loss, 0.03 * steps, ...counts.flatMap((n, i) => sumTolerances(gradients.slice(4 * i, 4 * i + 4), n))];
}
