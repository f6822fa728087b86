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

/** Ten steps of Adam, and what steps cost. `loss` is a function of the layers; `others` are trained beside them. */
function training(tensors, rate, loss, others = []) {
  const layers = weightsOf(tensors, (x) => tf.variable(x));
  const variables = [...others, ...layers.flatMap(({ w, b }) => [w, b])];
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

/** A kernel [outputs, inputs, height, width] as [height, width, inputs, outputs]. */
const toKernel = (tensor) => tf.transpose(toTensor(tensor), [2, 3, 1, 0]);

/**
 * A convolution whose gradients are convolutions: the backend has no kernel for the gradient of a filter, and the one
 * that it has for the input's is many times slower than this.
 */
function convolution(x, kernel, padding) {
  const call = tf.customGrad((x, kernel, save) => {
    save([x, kernel]);
    const gradFunc = (dy, [x, kernel]) => [inputGradient(dy, kernel, padding), kernelGradient(x, dy, padding)];
    return { value: tf.conv2d(x, kernel, 1, padding), gradFunc };
  });
  return call(x, kernel);
}

/** The same of images that nobody asks the gradient of. */
function firstConvolution(x, kernel, padding) {
  const call = tf.customGrad((kernel) => ({
    value: tf.conv2d(x, kernel, 1, padding),
    gradFunc: (dy) => kernelGradient(x, dy, padding),
  }));
  return call(kernel);
}

function inputGradient(dy, kernel, padding) {
  const turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
  return tf.conv2d(dy, turned, 1, kernel.shape[0] - 1 - padding);
}

function kernelGradient(x, dy, padding) {
  const kernel = tf.conv2d(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, padding);
  return tf.transpose(kernel, [1, 2, 0, 3]);
}

function conv(tensors, { what }) {
  const [x, kernel] = [toTensor(tensors.x), toKernel(tensors.kernel0)];
  const dy = what === "gradients" && toTensor(tensors.dy);
  const step = () => (dy ? [inputGradient(dy, kernel, 1), kernelGradient(x, dy, 1)] : [tf.conv2d(x, kernel, 1, 1)]);
  const began = performance.now();
  const [image, weights] = tf.tidy(() => step());
  const check = [image, weights && tf.transpose(weights, [3, 2, 0, 1])].flatMap((result) => {
    const numbers = result?.dataSync();
    return numbers ? summary(numbers, [0, numbers.length - 1]) : [];
  });
  return {
    check,
    compileSeconds: (performance.now() - began) / 1000,
    advance: (count) => {
      for (let i = 0; i < count; i++) tf.dispose(tf.tidy(step));
    },
  };
}

function cnn(tensors) {
  const [x, y] = [toTensor(tensors.x), toTensor(tensors.y)];
  const kernels = [toKernel(tensors.kernel0), toKernel(tensors.kernel1)].map((kernel) => tf.variable(kernel));
  const biases = [tensors.bias0, tensors.bias1].map((bias) => tf.variable(toTensor(bias)));
  const pool = (x) => tf.maxPool(x, 2, 2, "valid");
  const loss = (layers) => {
    const one = pool(tf.relu(tf.add(firstConvolution(x, kernels[0], 2), biases[0])));
    const two = pool(tf.relu(tf.add(convolution(one, kernels[1], 0), biases[1])));
    return tf.losses.softmaxCrossEntropy(y, network(layers, tf.relu, tf.reshape(two, [x.shape[0], -1])));
  };
  return training(tensors, 1e-3, loss, [...kernels, ...biases]);
}

function lstm(tensors) {
  const [x, y] = [toTensor(tensors.x), toTensor(tensors.y)];
  const [batch, steps, inputs] = x.shape;
  const units = y.shape[2];
  const names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
  const variables = names.map((name) => tf.variable(toTensor(tensors[name])));
  const loss = () => {
    const [ih, hh, inputBias, stateBias] = variables;
    // The product with the inputs, of all steps at once.
    const product = tf.matMul(tf.reshape(x, [batch * steps, inputs]), ih, false, true);
    const given = tf.unstack(tf.reshape(tf.add(product, tf.add(inputBias, stateBias)), [batch, steps, 4 * units]), 1);
    const across = tf.transpose(hh);
    let [h, c] = [tf.zeros([batch, units]), tf.zeros([batch, units])];
    const path = given.map((z) => {
      const [enter, forget, cell, leave] = tf.split(tf.add(z, tf.matMul(h, across)), 4, 1);
      c = tf.add(tf.mul(tf.sigmoid(forget), c), tf.mul(tf.sigmoid(enter), tf.tanh(cell)));
      h = tf.mul(tf.sigmoid(leave), tf.tanh(c));
      return h;
    });
    return tf.squaredDifference(tf.stack(path, 1), y).mean();
  };
  return training({}, 1e-3, loss, variables);
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

const cases = { gemm, elementwise, proteins, deep, yeast, conv, cnn, lstm, inference };

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
