import { bytesWritten } from "../compiler/ir/cost.ts";
import { formal } from "../graph/body.ts";
import { bytesIn } from "../graph/shape.ts";
import { dependents, substitute } from "../graph/walk.ts";
import { scan, type Tensors } from "../tensor/control.ts";
import { concat } from "../tensor/functions.ts";
import { joinAxis, splitAxis } from "../tensor/movement/axis-blocks.ts";
import { Tensor } from "../tensor/tensor.ts";
import { narrow } from "../transforms/narrow.ts";
import { batchShapeOf } from "./batch-shape.ts";
import type { Stepper } from "./methods/stepper.ts";
import { type Rate, rateAt } from "./rate.ts";
import type { Adaptive } from "./stepping/iteration.ts";

/** Of a solver's options what blocks look at: the trajectories' axis, and what may be each one's own. */
type Options = Pick<Adaptive, "batch"> & Partial<Pick<Adaptive, "atol" | "stops">>;

/** What a solver is given. */
export interface Problem<O extends Options = Adaptive> {
  readonly rate: Rate;
  readonly y0: Tensor;
  /** [times], or 1 along the state's axes but for the trajectories'. */
  readonly times: Tensor;
  /** 1 or -1: a scalar, or 1 along the state's axes but for the trajectories'. */
  readonly direction: Tensor;
  readonly options: O;
}

/**
 * Solves for many trajectories in blocks: iterations of a scan without carries, so that threads run them side by side, that
 * what a block's steps pass on to one another stays in a core's own cache, and that a block waits for its own slowest
 * trajectory alone. What each trajectory comes to is the same, to the last bit.
 *
 * @param solve  gives tensors of the state's shape, or 1 along all its axes but the trajectories', or such with an axis in front
 */
export function inBlocks<O extends Options, T extends Tensors>(
  problem: Problem<O>,
  stepper: Stepper,
  solve: (problem: Problem<O>) => T,
): T {
  const { batch } = problem.options;
  return (batch !== undefined && tryInBlocks(problem, batch, stepper, solve)) || solve(problem);
}

function tryInBlocks<O extends Options, T extends Tensors>(
  { rate, y0, times, direction, options }: Problem<O>,
  batch: number,
  stepper: Stepper,
  solve: (problem: Problem<O>) => T,
): T | undefined {
  const size = y0.shape[batch];
  // Symplectic methods take more of a rate than what it gives: its acceleration.
  const asked = stepper.errorOrder === undefined && "acceleration" in rate;
  if (size < 2 * mostRows || asked) return undefined;
  const y = formal(y0.node);
  const t = formal({ shape: batchShapeOf(y0, batch), dtype: y0.dtype });
  const change = rateAt(rate, new Tensor(y), new Tensor(t)).node;
  const rows = rowsOf(y0, size, bytesWritten(dependents([change], [y, t])) + (stepper.evaluations + 5) * bytesIn(y0));
  const few = (x: typeof y) => formal({ shape: x.shape.map((n, i) => (i === batch ? rows : n)), dtype: x.dtype });
  const [fewY, fewT] = [few(y), few(t)];
  const along = new Map([y, t].map((x, i) => [x, { axis: batch, few: [fewY, fewT][i] }]));
  const law = narrow(change, batch, along, size, rows);
  if (!law) return undefined;

  const { lay, back, axis } = layoutOf(y0, batch, rows);
  const r = y0.rank;
  const { atol, stops } = options;
  const given: readonly (readonly [string, Tensor, number])[] = [
    ["y0", y0, r],
    ["times", times, r + 1],
    ["direction", direction, r],
    ...(atol === undefined || typeof atol === "number" ? [] : [["atol", spreadOver(atol, r), r] as const]),
    ...(stops ? [["stops", stops, r + 1] as const] : []),
  ];
  const same: { [name: string]: Tensor } = {};
  const sequences: { [name: string]: Tensor } = {};
  for (const [name, x, rank] of given) {
    // What is one for all trajectories has no axes of the state.
    const there = x.rank === rank ? lay(x) : x;
    const at = rank - r + axis;
    if (x.rank === rank && there.shape[at] === size) sequences[name] = cut(there, at, rows);
    else same[name] = there;
  }
  law.taken.forEach((x, i) => {
    sequences[`taken ${i}`] = cut(new Tensor(x.whole), x.axis, rows);
  });
  const { out } = scan(
    {},
    (_, x: Tensors) => {
      const here = { ...same, ...x };
      const places = law.taken.map(({ formal }, i) => [formal, x[`taken ${i}`].node] as const);
      const rateHere: Rate = (state, time) => {
        const now = [
          [fewY, back(state).node],
          [fewT, back(time).node],
        ] as const;
        return lay(new Tensor(substitute([law.output], new Map([...now, ...places]))[0]));
      };
      const found = solve({
        rate: rateHere,
        y0: here.y0,
        times: here.times,
        direction: here.direction,
        options: {
          ...options,
          batch: axis,
          ...(here.atol && { atol: here.atol }),
          ...(here.stops && { stops: here.stops }),
        },
      });
      return { carry: {}, out: found };
    },
    { xs: sequences },
  );
  const whole = Object.entries(out).map(([name, x]) => [name, back(joined(x, x.rank - 1 - r + axis, size))]);
  return Object.fromEntries(whole) as T;
}

/**
 * As many trajectories as a block has at most, and as there are fewest in a block in which vectors lie along them. Of 1,024
 * Lorenz trajectories in float64, on one thread, blocks of 16 took 7.0 ms, of 32 6.0, of 64 5.8, of 128 5.7, and the whole
 * 7.2; with small networks as rates it is as flat. More blocks are more evenly shared.
 */
const [mostRows, fewestRows] = [64, 16];

/** What a block's steps read and write may take so much of a core's own cache (half of 1 MiB). */
const blockBytes = 2 ** 19;

/** Trajectories in a block, all of nearly the same number and the last filled up, so that vectors are full. */
function rowsOf({ dtype }: Tensor, size: number, bytes: number): number {
  const most = Math.min(mostRows, Math.max(1, Math.floor((blockBytes * size) / bytes)));
  if (most < fewestRows) return most;
  const even = Math.ceil(size / Math.ceil(size / most));
  const lanes = dtype === "float64" ? 8 : 16;
  return Math.min(Math.ceil(even / lanes) * lanes, Math.floor(most / lanes) * lanes);
}

/** Trajectories last, for vectors to lie along them, or first where a block has too few. */
function layoutOf(y0: Tensor, batch: number, rows: number) {
  const others = y0.shape.flatMap((_, axis) => (axis === batch ? [] : [axis]));
  const order = rows < fewestRows ? [batch, ...others] : [...others, batch];
  const moved = (list: readonly number[]) => (x: Tensor) => {
    const front = x.rank - list.length;
    return x.permute([...Array.from({ length: front }, (_, i) => i), ...list.map((axis) => front + axis)]);
  };
  return {
    lay: moved(order),
    back: moved(order.map((_, axis) => order.indexOf(axis))),
    axis: order.indexOf(batch),
  };
}

const spreadOver = (x: Tensor, rank: number) => x.reshape([...new Array<number>(rank - x.rank).fill(1), ...x.shape]);

/** [.., size, ..] as [blocks, .., rows, ..]; what the last block lacks is more of the last trajectory. */
function cut(x: Tensor, axis: number, rows: number): Tensor {
  const size = x.shape[axis];
  const blocks = Math.ceil(size / rows);
  const missing = blocks * rows - size;
  const shape = x.shape.map((n, i) => (i === axis ? missing : n));
  const full = missing === 0 ? x : concat([x, x.slice(size - 1, undefined, axis).expand(shape)], axis);
  return new Tensor(splitAxis(full.node, axis, rows));
}

/** [blocks, .., rows, ..] as [.., size, ..], of whose axes the trajectories' is `axis`. */
function joined(x: Tensor, axis: number, size: number): Tensor {
  return new Tensor(joinAxis(x.node, axis)).slice(0, size, axis);
}
