// jax-js on its WebAssembly backend. An array is handed over when it is used; `.ref` keeps it for another use.

import { readFileSync } from "node:fs";
import { defaultDevice, init, jit, jvp, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { readTensors } from "../.built/protocol/read.js";
import { serve } from "../.built/protocol/serve.js";
import { summary } from "../.built/protocol/summary.js";
import { layersOf } from "./layers.mjs";

await init("wasm");
defaultDevice("wasm");

const toArray = ({ shape, data }) => np.array(data.slice()).reshape([...shape]);
const weightsOf = (tensors) => layersOf(tensors).flatMap(({ w, b }) => [toArray(w), toArray(b)]);
const zerosLike = (arrays) => arrays.map((x) => np.zeros(x.shape));

/** Weights w0, b0, w1, ...; it takes what it is given. */
function network(weights, activation, x) {
  let y = x;
  for (let i = 0; i < weights.length; i += 2) {
    const z = np.matmul(y, weights[i]).add(weights[i + 1]);
    y = i + 2 === weights.length ? z : activation(z);
  }
  return y;
}

function gemm(tensors, { form }) {
  const [a, b] = [toArray(tensors.a), toArray(tensors.b)];
  const product = jit((a, b) => np.matmul(form === "tn" ? a.transpose() : a, form === "nt" ? b.transpose() : b));
  const began = performance.now();
  const numbers = product(a.ref, b.ref).dataSync();
  return {
    check: summary(numbers, [0, numbers.length - 1]),
    compileSeconds: (performance.now() - began) / 1000,
    advance: async (count) => {
      for (let i = 0; i < count; i++) {
        const c = product(a.ref, b.ref);
        await c.blockUntilReady();
        c.dispose();
      }
    },
    release: () => tree.dispose([a, b]),
  };
}

const maps = {
  tanh: (x) => np.tanh(x),
  exp: (x) => np.exp(x.mul(-1)),
  chain: (x) => np.minimum(np.abs(x.ref.mul(0.75).add(0.125).mul(x).sub(0.25)).mul(0.5).add(0.25), 1),
};

async function elementwise(tensors, sizes) {
  let x = toArray(tensors.x);
  const step = jit(maps[sizes.function]);
  const advance = async (count) => {
    for (let i = 0; i < count; i++) {
      x = step(x);
      await x.blockUntilReady();
    }
  };
  const began = performance.now();
  await advance(1);
  const compileSeconds = (performance.now() - began) / 1000;
  await advance(9);
  const numbers = x.ref.dataSync();
  return { check: summary(numbers, [0, numbers.length - 1]), compileSeconds, advance, release: () => x.dispose() };
}

/** Ten steps of Adam, and what steps cost. `loss` is a function of weights and data. */
async function training(tensors, rate, loss, data) {
  const step = jit((state, data) => {
    const { w, m, v, t } = state;
    const [value, g] = valueAndGrad(loss)(tree.ref(w), data);
    const count = t.add(1);
    const correction = (beta) => np.expm1(count.ref.mul(Math.log(beta))).mul(-1);
    const next = w.map((value, i) => {
      const mean = m[i].mul(0.9).add(g[i].ref.mul(0.1));
      const square = v[i].mul(0.999).add(np.square(g[i]).mul(0.001));
      const change = mean.ref.div(correction(0.9)).div(np.sqrt(square.ref.div(correction(0.999))).add(1e-8));
      return { w: value.sub(change.mul(rate)), m: mean, v: square };
    });
    const after = { w: next.map((x) => x.w), m: next.map((x) => x.m), v: next.map((x) => x.v), t: count };
    return { value, after };
  });
  const w = weightsOf(tensors);
  let state = { w, m: zerosLike(w), v: zerosLike(w), t: np.array(0, { dtype: np.float32 }) };
  const one = () => {
    const { value, after } = step(state, tree.ref(data));
    state = after;
    return value;
  };
  const began = performance.now();
  const check = [one().dataSync()[0]];
  const compileSeconds = (performance.now() - began) / 1000;
  while (check.length < 10) check.push(one().dataSync()[0]);
  return {
    check,
    compileSeconds,
    advance: async (count) => {
      for (let i = 0; i < count; i++) {
        const value = one();
        await value.blockUntilReady();
        value.dispose();
      }
    },
    release: () => tree.dispose([state, data]),
  };
}

const pairOf = (tensors) => ({ x: toArray(tensors.x), y: toArray(tensors.y) });

function proteins(tensors) {
  const loss = (w, { x, y }) => np.square(network(w, nn.relu, x).sub(y)).mean();
  return training(tensors, 1e-3, loss, pairOf(tensors));
}

function deep(tensors) {
  const loss = (w, { x, y }) =>
    nn
      .logSoftmax(network(w, nn.relu, x))
      .mul(y)
      .sum(1)
      .mean()
      .mul(-1);
  return training(tensors, 1e-3, loss, pairOf(tensors));
}

/** Derivatives of the equation by forward mode, of the weights by reverse mode over it. */
function burgersLoss(w, { interior, points, values }) {
  const u = (at) => network(tree.ref(w), np.tanh, at);
  const along = (direction) => np.array([direction]).add(np.zeros(interior.shape));
  const [, ut] = jvp(u, [interior.ref], [along([0, 1])]);
  const value = u(interior.ref);
  const slope = (at) => jvp(u, [at], [along([1, 0])])[1];
  const [ux, uxx] = jvp(slope, [interior], [along([1, 0])]);
  const residual = ut.add(value.mul(ux)).sub(uxx.mul(0.01 / Math.PI));
  return np
    .square(residual)
    .mean()
    .add(np.square(network(w, np.tanh, points).sub(values)).mean());
}

async function burgers(tensors) {
  const data = () => ({
    interior: toArray(tensors.interior),
    points: toArray(tensors.points),
    values: toArray(tensors.values),
  });
  const gradient = jit((w, data) => valueAndGrad(burgersLoss)(w, data));
  const [w, given] = [weightsOf(tensors), data()];
  const advance = async (count) => {
    for (let i = 0; i < count; i++) {
      const [value, g] = gradient(tree.ref(w), tree.ref(given));
      await value.blockUntilReady();
      tree.dispose([value, g]);
    }
  };
  const began = performance.now();
  await advance(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const trained = await training(tensors, 1e-3, burgersLoss, data());
  trained.release();
  return { check: trained.check, compileSeconds, advance, release: () => tree.dispose([w, given]) };
}

function yeast(tensors) {
  const times = tensors.times.data;
  const first = tensors.values.data[0];
  const loss = (w, { values }) => {
    const rate = (n) => network(tree.ref(w), np.tanh, n);
    let n = np.array([[first]]);
    const path = [n.ref];
    for (let i = 0; i + 1 < times.length; i++) {
      const h = (times[i + 1] - times[i]) / 10;
      for (let j = 0; j < 10; j++) n = rungeKutta(rate, n, h);
      path.push(n.ref);
    }
    n.dispose();
    tree.dispose(w);
    return np.square(np.concatenate(path).sub(values)).mean();
  };
  return training(tensors, 1e-2, loss, { values: toArray(tensors.values) });
}

function rungeKutta(rate, n, h) {
  const a = rate(n.ref);
  const b = rate(n.ref.add(a.ref.mul(h / 2)));
  const c = rate(n.ref.add(b.ref.mul(h / 2)));
  const d = rate(n.ref.add(c.ref.mul(h)));
  return n.add(
    a
      .add(b.mul(2))
      .add(c.mul(2))
      .add(d)
      .mul(h / 6),
  );
}

async function inference(tensors) {
  const w = weightsOf(tensors);
  const forward = jit((w, x) => network(w, nn.relu, x));
  const call = () => forward(tree.ref(w), toArray(tensors.x)).data();
  const began = performance.now();
  const y = await call();
  return {
    check: summary(y, [0]),
    compileSeconds: (performance.now() - began) / 1000,
    advance: async (count) => {
      for (let i = 0; i < count; i++) await call();
    },
    release: () => tree.dispose(w),
  };
}

const cases = { gemm, elementwise, proteins, deep, burgers, yeast, inference };
const { version } = JSON.parse(readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"));

await serve(
  // Threads need a Worker as browsers have it, which Node has not.
  { name: process.argv[2], version, threads: 1, cases: Object.keys(cases) },
  (name, sizes, file) => cases[name](readTensors(file), sizes),
);
