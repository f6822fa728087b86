import { compile, grad, nn, type Outputs, optim, parameter, parameterOf, repeat, scan, type Tensor } from "pondus";
import { expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Call, LoopProgram, Machine, Step } from "../../src/compiler/ir/loop.ts";

/** The fast paths really happen: what must be one launch is one, and what needs no copy makes none. */

const machine: Machine = { vectorBytes: 64, registers: 32, mixedWidths: true };

function programOf<const I extends Parameters<typeof compile>[1] & object>(
  f: (x: { readonly [K in keyof I]: Tensor }) => Outputs,
  inputs: I,
): LoopProgram {
  return compileGraph(compile(f as never, inputs).graph, machine).program;
}

/** The names of all launches, those of a loop's body in a list of their own. */
type Launches = readonly (string | Launches)[];

function launches(steps: readonly Step<Call>[]): Launches {
  return steps.map((step) => {
    if (step.kind === "launch") return step.kernel.routine.name.replace(/_\d+$/, "");
    if (step.kind === "branch") return [...launches(step.yes), ...launches(step.no)];
    return step.kind === "while" ? [...launches(step.test), ...launches(step.body)] : launches(step.body);
  });
}

const launchesOf = (program: LoopProgram) => launches(program.steps);
const loopsOf = (list: Launches) => list.filter((x): x is Launches => typeof x !== "string");

test("a dense layer with bias and activation is one launch", () => {
  const layer = nn.sequential(nn.dense(8, 32), nn.tanh);
  expect(launchesOf(programOf(({ x }) => ({ y: layer(x) }), { x: [64, 8] }))).toEqual(["contract"]);
});

test("a mean squared error is one launch after the last layer, and its expression is not stored", () => {
  const program = programOf(({ x, y }) => ({ loss: nn.mse(x.mul(2).sin(), y) }), { x: [64, 8], y: [64, 8] });
  expect(launchesOf(program)).toEqual(["sum"]);
});

test("softmax of rows computes each exponential once", () => {
  const program = programOf(({ x }) => ({ y: x.softmax(1) }), { x: [64, 10] });
  expect(launchesOf(program)).toEqual(["max", "exp", "sum", "div"]);
});

test("steps of Adam inside repeat update in place and copy nothing", () => {
  const model = nn.sequential(nn.dense(4, 16), nn.tanh, nn.dense(16, 1));
  const program = programOf(
    ({ x, y, n }) => {
      const loss = nn.mse(model(x), y);
      const { updates } = optim.adam({ learningRate: 1e-3 }).minimize(loss);
      const { outputs, updates: all } = repeat({ outputs: { loss }, updates }, n);
      return { ...outputs, updates: all };
    },
    { x: [32, 4], y: [32, 1], n: { shape: [], dtype: "int32" } },
  );
  const [loop, ...others] = loopsOf(launchesOf(program));
  expect(others).toEqual([]);
  expect(loop).not.toContain("copy");
});

test("a training loop works on the parameters themselves: nothing is copied in or out, and there is one of each", () => {
  const model = nn.sequential(nn.dense(300, 200), nn.tanh, nn.dense(200, 1));
  const program = programOf(
    ({ x, n }) => {
      const loss = model(x).square().mean();
      const { updates } = optim.adam({ learningRate: 1e-3 }).minimize(loss);
      const { outputs, updates: all } = repeat({ outputs: { loss }, updates }, n);
      return { ...outputs, updates: all };
    },
    { x: [8, 300], n: { shape: [], dtype: "int32" } },
  );
  const words = 3 * (300 * 200 + 200 + 200 + 1) + 8 * (300 + 3 * 200);
  expect(program.bytes).toBeLessThan(4 * words * 1.1);
});

test("an update in place needs neither a second array nor a copy", () => {
  const w = parameter([1000], 1);
  const home = parameterOf(w);
  if (!home) throw new Error("not a parameter");
  const program = programOf(({ g }) => ({ updates: [{ parameter: home, value: w.sub(g.mul(0.1)) }] }), { g: [1000] });
  expect(launchesOf(program)).toEqual(["sub"]);
  expect(program.bytes).toBeLessThan(2 * 4032 + 1);
});

test("a transposed operand is read where it lies when few rows use it, and copied once when many do", () => {
  const product = (rows: number) => programOf(({ x, w }) => ({ y: x.matmul(w.T) }), { x: [rows, 64], w: [32, 64] });
  expect(launchesOf(product(4))).toEqual(["contract"]);
  expect(launchesOf(product(64))).toEqual(["pack", "contract"]);
});

test("a large operand is packed once, outside the loops in which it does not change", () => {
  const program = programOf(
    ({ h, w, xs }) => {
      const { carry } = scan({ h }, (c, { x }) => ({ carry: { h: c.h.matmul(w.T).add(x).tanh() } }), { xs: { x: xs } });
      return { h: carry.h };
    },
    { h: [200, 600], w: [600, 600], xs: [10, 200, 600] },
  );
  // Panels of 32 columns, and one kernel more for the 24 that are left.
  expect(launchesOf(program)).toEqual(["copy", "pack", "pack", ["contract", "contract", "copy"], "copy"]);
});

test("views cost no launch", () => {
  const program = programOf(
    ({ x, y }) => ({
      z: x.T.flip(0)
        .slice(1, 5, 1)
        .add(y.expand([10, 4]))
        .reshape([5, 2, 4])
        .mul(2),
    }),
    { x: [7, 10], y: [1, 4] },
  );
  expect(launchesOf(program)).toHaveLength(1);
});

test("a scan addresses its slices and its outputs in place", () => {
  const program = programOf(
    ({ h, xs }) => {
      const { carry, out } = scan(
        { h },
        (c, { x }) => {
          const next = c.h.mul(0.5).add(x).tanh();
          return { carry: { h: next }, out: { y: next.mul(2) } };
        },
        { xs: { x: xs.flip(0) } },
      );
      return { last: carry.h, ...out };
    },
    { h: [8], xs: [100, 8] },
  );
  const [loop] = loopsOf(launchesOf(program));
  expect(loop).toEqual(["mul"]);
  // What the program returns is stacked in its own place: no array beside it, and none to copy.
  expect(sequences(program)).toEqual([]);
  expect(launchesOf(program)).toEqual(["copy", ["mul"], "copy"]);
});

/** Arrays that hold something for each of 100 steps, inputs and outputs aside. */
const sequences = (program: LoopProgram) =>
  program.buffers.filter((b) => b.kind === "temporary" && b.length >= 800 && b.offset >= 0);

test("backwards through tanh in a loop, its value is kept for each step, and its argument is not", () => {
  const program = programOf(
    ({ h, w, xs }) => {
      const { carry } = scan({ h }, (c, { x }) => ({ carry: { h: c.h.matmul(w).add(x).tanh() } }), { xs: { x: xs } });
      return { g: grad(carry.h.sum(), h) };
    },
    { h: [8], w: [8, 8], xs: [100, 8] },
  );
  expect(sequences(program)).toHaveLength(1);
});
