import {
  compile,
  concat,
  cond,
  empiricalFisher,
  fisher,
  gaussNewton,
  grad,
  jacobian,
  jvp,
  oneHot,
  parameter,
  type Tensor,
  tensor,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { Stream } from "../../src/graph/random/stream.ts";
import { rowsBySample } from "../../src/transforms/matrices/by-sample.ts";
import { difference } from "../support/agreement.ts";

const D = { dtype: "float64" } as const;
let stream = new Stream(1, "initialize", 9);
const numbers = (...shape: number[]) =>
  Array.from({ length: shape.reduce((n, m) => n * m, 1) }, () => 2 * stream.uniform() - 1);
const data = (...shape: number[]) => tensor(numbers(...shape), D).reshape(shape);
const knob = (...shape: number[]) => parameter(shape, numbers(...shape), D);

interface Net {
  readonly call: (x: Tensor) => Tensor;
  readonly knobs: { readonly [name: string]: Tensor };
}

function net(inputs: number, outputs: number): Net {
  const [w0, b0, w1, b1] = [knob(inputs, 5), knob(5), knob(5, outputs), knob(outputs)];
  return { call: (x) => x.matmul(w0).add(b0).tanh().matmul(w1).add(b1), knobs: { w0, b0, w1, b1 } };
}

type Form = () => { readonly outputs: Tensor | Tensor[]; readonly knobs: Net["knobs"] };

/** Derivatives of a network with respect to what goes in. */
function burgers(call: Net["call"], at: Tensor): Tensor {
  const along = (...direction: number[]) => tensor(direction, D).expand(at.shape);
  const u = call(at);
  const [ux, ut] = [jvp(u, at, along(1, 0)), jvp(u, at, along(0, 1))];
  return ut.add(u.mul(ux)).sub(jvp(ux, at, along(1, 0)).mul(0.1));
}

/** Residuals that belong to samples. */
const found: { readonly [name: string]: Form } = {
  "one residual a sample": () => {
    const { call, knobs } = net(3, 1);
    return { outputs: call(data(30, 3)).sub(data(30, 1)), knobs };
  },
  "two a sample, samples last, weighted and flattened": () => {
    const { call, knobs } = net(3, 2);
    const error = call(data(30, 3)).sub(data(30, 2));
    return { outputs: error.mul(data(30, 1).exp()).T.flatten(), knobs };
  },
  "an equation with second derivatives": () => {
    const { call, knobs } = net(2, 1);
    return { outputs: burgers(call, data(40, 2)), knobs };
  },
  "an equation beside what is known, joined and scaled": () => {
    const { call, knobs } = net(2, 1);
    const inside = burgers(call, data(40, 2)).flatten();
    const border = call(data(12, 2)).sub(data(12, 1)).flatten().mul(3);
    return { outputs: concat([inside, border]).mul(data(52)), knobs };
  },
  "several outputs": () => {
    const { call, knobs } = net(2, 2);
    return { outputs: [call(data(20, 2)).softmax(), call(data(15, 2)).sum(1).square()], knobs };
  },
  "a loss of each sample": () => {
    const { call, knobs } = net(2, 3);
    const label = oneHot(tensor(Int32Array.from({ length: 25 }, (_, i) => i % 3)), 3, "float64");
    return { outputs: call(data(25, 2)).logSoftmax().mul(label).sum(1), knobs };
  },
  "weights made of fewer knobs": () => {
    const [w, v] = [knob(3), knob(4)];
    const weights = w.unsqueeze(1).mul(v.exp()).add(w.at(0));
    return { outputs: data(60, 3).matmul(weights).tanh().sum(1), knobs: { w, v } };
  },
  "windows of each sample": () => {
    const [kernel, scale] = [knob(3), knob(9)];
    return { outputs: data(40, 9).mul(scale).window(3, 1).matmul(kernel).tanh().sum(1), knobs: { kernel, scale } };
  },
};

/** Residuals of which each depends on all samples. */
const whole: { readonly [name: string]: Form } = {
  "divided by the batch's mean": () => {
    const { call, knobs } = net(3, 1);
    const y = call(data(60, 3)).square();
    return { outputs: y.div(y.mean()), knobs };
  },
  "differences of neighbours": () => {
    const { call, knobs } = net(3, 1);
    const y = call(data(60, 3)).flatten();
    return { outputs: y.slice(1).sub(y.slice(0, 59)), knobs };
  },
  "a knob for each sample": () => {
    const own = knob(60);
    return { outputs: data(60).mul(own).sin(), knobs: { own } };
  },
};

const listOf = (outputs: Tensor | Tensor[]) => (Array.isArray(outputs) ? outputs : [outputs]);

async function check(form: Form): Promise<boolean> {
  const { outputs, knobs } = form();
  const wrt = Object.values(knobs).map((x) => x.node);
  const { rows, modes } = await compile(
    () => ({ rows: jacobian(outputs, knobs), modes: jacobian(outputs, knobs, { mode: "reverse" }) }),
    {},
    { backend: "reference" },
  ).run();
  expect(difference(rows, modes.data, 1e-12)).toBeUndefined();
  return (
    rowsBySample(
      listOf(outputs).map((y) => y.node),
      wrt,
    ) !== undefined
  );
}

describe("the rows of residuals that belong to samples are made all at once", () => {
  test.each(Object.entries(found))("%s", async (_, form) => {
    for (let seed = 0; seed < 20; seed++) {
      stream = new Stream(seed, "initialize", 9);
      expect(await check(form)).toBe(true);
    }
  });

  test.each(Object.entries(whole))("not where they do not: %s", async (_, form) => {
    expect(await check(form)).toBe(false);
  });
});

test("the residuals' own sum of squares has the gradient that the rows make", async () => {
  const { call, knobs } = net(2, 1);
  const r = burgers(call, data(40, 2));
  const { j, g } = await compile(() => ({
    j: r.T.matmul(jacobian(r, knobs)).mul(2),
    g: concat(Object.values(grad(r.square().sum(), knobs)).map((x) => x.flatten())),
  })).run();
  expect(difference(j, g.data, 1e-12)).toBeUndefined();
});

test("J'J, and the Fisher information, of more residuals than knobs are those of the loop over knobs", async () => {
  for (let seed = 0; seed < 20; seed++) {
    stream = new Stream(seed, "initialize", 9);
    const { call, knobs } = net(2, 3);
    const outputs = call(data(30, 2));
    // With the mean of all samples, times 0, residuals belong to no sample.
    const coupled = outputs.add(outputs.mean().mul(0));
    const all = (y: Tensor) => ({
      matrix: gaussNewton(y, knobs),
      fisher: fisher(y, knobs, { likelihood: "categorical" }),
      empirical: empiricalFisher(y.logSoftmax().at(0, 1), knobs),
    });
    const run = (y: Tensor) => compile(() => all(y), {}, { backend: "reference" }).run();
    const [own, loop] = [await run(outputs), await run(coupled)];
    for (const name of ["matrix", "fisher", "empirical"] as const) {
      expect(difference(own[name], loop[name].data, 1e-12)).toBeUndefined();
    }
  }
});

test("what is asked for may itself be computed, reshaped, joined, or hidden in a branch", async () => {
  for (let seed = 0; seed < 20; seed++) {
    stream = new Stream(seed, "initialize", 9);
    const [a, b, w] = [knob(8), knob(12), knob(20, 3)];
    const [flat, joined] = [a.mul(3).reshape([4, 2]), concat([a, b]).mul(2)];
    const inner = w.sin();
    const branch = cond(
      a.sum().lt(1e9),
      () => ({ y: data(30, 20).matmul(w.sin()) }),
      () => ({ y: zeros([30, 3], "float64") }),
    );
    const asked: readonly (readonly [Tensor, Tensor])[] = [
      [flat, flat],
      [flat.reshape([8]).mul(1), flat],
      [joined, joined],
      [joined.exp(), joined],
      [concat([a, b]).sin(), concat([a, b])],
      [branch.y.mul(data(30, 1)), inner],
    ];
    for (const [y, x] of asked) {
      const both = { rows: jacobian(y, x), modes: jacobian(y, x, { mode: "reverse" }) };
      const { rows, modes } = await compile(() => both, {}, { backend: "reference" }).run();
      expect(difference(rows, modes.data, 1e-12)).toBeUndefined();
      expect(Math.max(...modes.data)).toBeGreaterThan(0);
    }
  }
});
