import {
  type BackendName,
  compile,
  concat,
  grad,
  jacobian,
  nn,
  ode,
  optim,
  parameter,
  parameterOf,
  repeat,
  scan,
  stack,
  type Tensor,
  whileLoop,
} from "pondus";
import type { Executable } from "../../src/backends/backend.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";

/** [64, 64], with values of its own on the way. */
const layers = (x: Tensor, w: Tensor) => x.matmul(w).tanh().matmul(w).sin();

export const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(1 + 7 * i));

/** Large enough that threads share the work, and with edges that no tile divides. */
export const programs: { readonly [name: string]: () => ReturnType<typeof compile> } = {
  "a product, its epilogue and its transposed forms": () => {
    const [a, b] = [parameter([301, 203], 0.1), parameter([203, 151], 0.1)];
    return compile(
      ({ x }) => {
        const y = x.matmul(a).matmul(b).tanh();
        return { y, da: grad(y.square().sum(), a), db: grad(y.square().sum(), b) };
      },
      { x: [211, 301] },
    ) as never;
  },
  "running totals, long and side by side": () =>
    compile(
      ({ x, y, i }) => ({
        long: x.cumsum(),
        back: grad(x.cumsum().square().sum(), x),
        rows: y.cumprod(0).add(y.cummax(1)),
        put: x.scatter(i, x.slice(0, 3000), { combine: "max" }),
        sorted: x.slice(0, 5000).sort(),
      }),
      { x: [100_003], y: [301, 203], i: { shape: [3000], dtype: "int32" } },
    ) as never,
  "a large batch, taken in blocks": () => {
    const model = nn.sequential(nn.dense(64, 96), nn.tanh, nn.dense(96, 96), nn.tanh, nn.dense(96, 1));
    return compile(
      ({ x }) => {
        const y = model(x);
        const { updates } = optim.sgd({ learningRate: 0.1 }).minimize(y.square().mean());
        return { y, updates };
      },
      { x: [4096, 64] },
    ) as never;
  },
  "a recurrent layer, whose 32 samples are taken in blocks": () => {
    const model = nn.lstm(40, 56);
    return compile(
      ({ x }) => {
        const y = model(x);
        const { updates } = optim.adam({ learningRate: 1e-2 }).minimize(y.square().mean());
        return { y, updates };
      },
      { x: [32, 50, 40] },
    ) as never;
  },
  "the way back of a loop whose turns are counted, in blocks": () => {
    const [w, v] = [parameter([64, 64], 0.1), parameter([64, 64], 0.1)];
    return compile(
      ({ x }) => {
        const { y } = whileLoop(
          { y: x, k: x.sum().mul(0) },
          ({ k }) => k.lt(21),
          ({ y, k }) => ({ y: y.matmul(w).tanh().matmul(v).add(x).sin(), k: k.add(1) }),
          { limit: 30 },
        );
        const loss = y.mul(x).square().sum();
        return { y, dw: grad(loss, w), dv: grad(loss, v), dx: grad(loss, x) };
      },
      { x: [64, 64] },
    ) as never;
  },
  "iterations side by side, inside iterations that go in order": () => {
    const w = parameter([64, 64], 0.1);
    return compile(
      ({ x }) => {
        const xs = x.reshape([5, 12, 64, 64]);
        const { carry, out } = scan(
          { h: xs.slice(0, 1).reshape([12, 64, 64]) },
          ({ h }, { x }) => {
            const rows = scan({}, (_, turn) => ({ carry: {}, out: { y: layers(turn.x.add(turn.h), w) } }), {
              xs: { x, h },
            });
            return { carry: { h: rows.out.y }, out: { y: rows.out.y } };
          },
          { xs: { x: xs } },
        );
        return { h: carry.h, ys: out.y };
      },
      { x: [5 * 12, 64, 64] },
    ) as never;
  },
  "iterations side by side, inside a single one": () => {
    const w = parameter([64, 64], 0.1);
    return compile(
      ({ x }) => {
        const inner = (x: Tensor) =>
          scan({}, (_, turn) => ({ carry: {}, out: { y: layers(turn.x, w) } }), { xs: { x } });
        const { out } = scan({}, (_, turn) => ({ carry: {}, out: { y: inner(turn.x).out.y } }), {
          xs: { x: x.reshape([1, 40, 64, 64]) },
        });
        return { ys: out.y };
      },
      { x: [40, 64, 64] },
    ) as never;
  },
  "solutions for many starts, in blocks": () => {
    const p = parameter([3], 0.3, { dtype: "float64" });
    const law = (y: Tensor) => {
      const [u, v] = [y.slice(0, 1, 1), y.slice(1, 2, 1)];
      return concat(
        [
          v.mul(p.at(0)).sub(u),
          u
            .mul(p.at(1))
            .sin()
            .neg()
            .sub(v.mul(p.at(2))),
        ],
        1,
      );
    };
    return compile(
      ({ x }) => {
        const { path, steps } = ode.integrate(law, x, [0, 1, 3], { batch: 0, maxSteps: 100 });
        return { path, steps, dp: grad(path.square().sum(), p) };
      },
      { x: { shape: [300, 2], dtype: "float64" } },
    ) as never;
  },
  "elementwise work, sums of rows and of everything": () =>
    compile(({ x }) => ({ e: x.exp().mul(x), rows: x.square().sum(1), all: x.sum() }), { x: [517, 331] }) as never,
  "a solution and its sensitivities, column by column": () => {
    const p = parameter([6], [0.5, 0.3, 0.2, 0.1, 0.4, 0.7], { dtype: "float64" });
    const at = (i: number) => p.at(i);
    const law = (y: Tensor) => {
      const [u, v] = [y.at(0), y.at(1)];
      const down = v
        .mul(at(0))
        .exp()
        .sub(u.mul(at(1)).tanh())
        .sub(1);
      return stack([
        down,
        u
          .mul(at(2))
          .sin()
          .mul(at(3))
          .neg()
          .sub(v.mul(at(4))),
      ]).mul(at(5));
    };
    const times = Array.from({ length: 400 }, (_, i) => i * 0.02);
    return compile(
      ({ x }) => {
        const path = ode.solve(law, x, times, { method: ode.rk4, substeps: 11 });
        return { path, j: jacobian(path, p, { mode: "forward" }) };
      },
      { x: { shape: [2], dtype: "float64" } },
    ) as never;
  },
  "training steps": () => {
    const model = nn.sequential(nn.dense(301, 203), nn.relu, nn.dense(203, 3));
    return compile(
      ({ x }) => {
        const loss = model(x).square().mean();
        const { updates } = optim.adam({ learningRate: 1e-2 }).minimize(loss);
        return { loss, updates };
      },
      { x: [211, 301] },
    ) as never;
  },
};

/** All that a program leaves behind after three runs. */
export async function resultsOf(executable: Executable): Promise<TypedArray[]> {
  for (const [parameter, place] of executable.parameters) {
    place.set(parameter.trainable ? wave(parameter.size).map((x) => 0.1 * x) : new Float32Array(parameter.size));
  }
  for (let run = 0; run < 3; run++) {
    for (const place of executable.inputs.values()) place.set(wave(place.length));
    await executable.run();
  }
  return [...executable.outputs.values(), ...executable.parameters.values()];
}

/** x <- x / 2 + 1, so many times. */
export function iteration(backend: BackendName) {
  const x = parameter([1000], 0);
  const home = parameterOf(x);
  if (!home) throw new Error("not a parameter");
  const program = compile(
    ({ count }) => {
      const many = repeat({ outputs: {}, updates: [{ parameter: home, value: x.mul(0.5).add(1) }] }, count);
      return { steps: many.outputs.steps, updates: many.updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend },
  );
  return { home, program };
}
