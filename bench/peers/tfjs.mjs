// TensorFlow.js on its WebAssembly backend. Eager: every operation is a call.

import { availableParallelism } from "node:os";
import * as tf from "@tensorflow/tfjs";
import { getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { readTensors } from "../.built/protocol/read.js";
import { serve } from "../.built/protocol/serve.js";
import { summary } from "../.built/protocol/summary.js";
import { layersOf } from "./layers.mjs";

await tf.setBackend("wasm");
await tf.ready();

const toTensor = ({ shape, data }) => tf.tensor(data, shape, "float32");

/** w and b of each layer; as variables, for a training. */
const weightsOf = (tensors, make) =>
  layersOf(tensors).map(({ w, b }) => ({ w: make(toTensor(w)), b: make(toTensor(b)) }));

const network = (layers, activation, x) =>
  layers.reduce((y, { w, b }, i) => {
    const z = tf.add(tf.matMul(y, w), b);
    return i === layers.length - 1 ? z : activation(z);
  }, x);

function gemm(tensors, { form }) {
  const [a, b] = [toTensor(tensors.a), toTensor(tensors.b)];
  const product = () => tf.matMul(a, b, form === "tn", form === "nt");
  const began = performance.now();
  const c = product();
  const numbers = c.dataSync();
  return {
    check: summary(numbers, [0, numbers.length - 1]),
    compileSeconds: (performance.now() - began) / 1000,
    advance: (count) => {
      for (let i = 0; i < count; i++) product().dispose();
    },
  };
}

const maps = {
  tanh: (x) => tf.tanh(x),
  exp: (x) => tf.exp(tf.neg(x)),
  chain: (x) => tf.minimum(x.mul(0.75).add(0.125).mul(x).sub(0.25).abs().mul(0.5).add(0.25), 1),
};

function elementwise(tensors, sizes) {
  let x = toTensor(tensors.x);
  const began = performance.now();
  const step = () => {
    const next = tf.tidy(() => maps[sizes.function](x));
    x.dispose();
    x = next;
  };
  step();
  const compileSeconds = (performance.now() - began) / 1000;
  for (let i = 1; i < 10; i++) step();
  const numbers = x.dataSync();
  return {
    check: summary(numbers, [0, numbers.length - 1]),
    compileSeconds,
    advance: (count) => {
      for (let i = 0; i < count; i++) step();
    },
  };
}

/** Ten steps of Adam, and what steps cost. `loss` is a function of the layers. */
function training(tensors, rate, loss) {
  const layers = weightsOf(tensors, (x) => tf.variable(x));
  const variables = layers.flatMap(({ w, b }) => [w, b]);
  const optimizer = tf.train.adam(rate, 0.9, 0.999, 1e-8);
  const step = () => optimizer.minimize(() => loss(layers), true, variables);
  const began = performance.now();
  const check = [];
  const record = () => {
    const value = step();
    check.push(value.dataSync()[0]);
    value.dispose();
  };
  record();
  const compileSeconds = (performance.now() - began) / 1000;
  while (check.length < 10) record();
  return {
    check,
    compileSeconds,
    advance: (count) => {
      for (let i = 0; i < count; i++) step().dispose();
    },
  };
}

function proteins(tensors) {
  const [x, y] = [toTensor(tensors.x), toTensor(tensors.y)];
  return training(tensors, 1e-3, (layers) => tf.squaredDifference(network(layers, tf.relu, x), y).mean());
}

function deep(tensors) {
  const [x, y] = [toTensor(tensors.x), toTensor(tensors.y)];
  return training(tensors, 1e-3, (layers) => tf.losses.softmaxCrossEntropy(y, network(layers, tf.relu, x)));
}

function yeast(tensors) {
  const values = toTensor(tensors.values);
  const times = tensors.times.data;
  return training(tensors, 1e-2, (layers) => {
    const rate = (n) => network(layers, tf.tanh, n);
    const path = [values.slice([0, 0], [1, 1])];
    for (let i = 0; i + 1 < times.length; i++) {
      const h = (times[i + 1] - times[i]) / 10;
      let n = path.at(-1);
      for (let j = 0; j < 10; j++) n = rungeKutta(rate, n, h);
      path.push(n);
    }
    return tf.squaredDifference(tf.concat(path), values).mean();
  });
}

function rungeKutta(rate, n, h) {
  const a = rate(n);
  const b = rate(n.add(a.mul(h / 2)));
  const c = rate(n.add(b.mul(h / 2)));
  const d = rate(n.add(c.mul(h)));
  return n.add(
    a
      .add(b.mul(2))
      .add(c.mul(2))
      .add(d)
      .mul(h / 6),
  );
}

function inference(tensors) {
  const layers = weightsOf(tensors, (x) => x);
  const { x } = tensors;
  const forward = () => {
    const y = tf.tidy(() => network(layers, tf.relu, toTensor(x)));
    const numbers = y.dataSync();
    y.dispose();
    return numbers;
  };
  const began = performance.now();
  const y = forward();
  return {
    check: summary(y, [0]),
    compileSeconds: (performance.now() - began) / 1000,
    advance: (count) => {
      for (let i = 0; i < count; i++) forward();
    },
  };
}

const cases = { gemm, elementwise, proteins, deep, yeast, inference };

await serve(
  {
    name: process.argv[2],
    version: tf.version.tfjs,
    threads: tf.env().getBool("WASM_HAS_MULTITHREAD_SUPPORT") ? Math.min(getThreadsCount(), availableParallelism()) : 1,
    cases: [...Object.keys(cases), "burgers"],
  },
  async (name, sizes, file) => {
    if (name === "burgers") return { unsupported: "no second derivatives" };
    tf.disposeVariables();
    tf.engine().startScope();
    const ready = cases[name](readTensors(file), sizes);
    return { ...ready, advance: async (count) => ready.advance(count), release: () => tf.engine().endScope() };
  },
);
