// ONNX Runtime for Node: inference alone, which is what it is for.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readTensors } from "../.built/protocol/read.js";
import { serve } from "../.built/protocol/serve.js";
import { summary } from "../.built/protocol/summary.js";
import { layersOf } from "./layers.mjs";
import { denseModel } from "./onnx-model.mjs";

const threads = availableParallelism();

async function inference(tensors) {
  const { x } = tensors;
  const model = denseModel(layersOf(tensors), x.shape[0]);
  const began = performance.now();
  const sessions = new Map();
  for (const count of new Set([1, threads])) {
    sessions.set(count, await InferenceSession.create(model, { intraOpNumThreads: count, logSeverityLevel: 3 }));
  }
  const forward = async (session) => (await session.run({ x: new Tensor("float32", x.data, x.shape) })).y.data;
  const y = await forward(sessions.get(1));
  const compileSeconds = (performance.now() - began) / 1000;
  const best = await fastest(sessions, forward);
  const session = sessions.get(best);
  return {
    check: summary(y, [0]),
    compileSeconds,
    note: `${best} ${best === 1 ? "thread" : "threads"}, the faster`,
    advance: async (count) => {
      for (let i = 0; i < count; i++) await forward(session);
    },
    release: () => {
      for (const session of sessions.values()) session.release();
    },
  };
}

/** A small batch may be faster on one thread: which number of threads does most in a moment. */
async function fastest(sessions, forward) {
  const done = new Map();
  for (const [count, session] of sessions) {
    await forward(session);
    const until = performance.now() + 200;
    let calls = 0;
    for (; performance.now() < until; calls++) await forward(session);
    done.set(count, calls);
  }
  return [...done].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

await serve(
  {
    name: process.argv[2],
    version: createRequire(import.meta.url)("onnxruntime-node/package.json").version,
    threads,
    cases: ["inference"],
  },
  (_, __, file) => inference(readTensors(file)),
);
