// ONNX Runtime for Node: inference alone, which is what it is for.
//
//   onnxruntime.mjs NAME --threads N

import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readTensors } from "../.built/protocol/read.js";
import { serve } from "../.built/protocol/serve.js";
import { summary } from "../.built/protocol/summary.js";
import { layersOf } from "./layers.mjs";
import { denseModel } from "./onnx-model.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "1" } },
});
const threads = Number(values.threads);

async function inference(tensors) {
  const { x } = tensors;
  const model = denseModel(layersOf(tensors), x.shape[0]);
  const began = performance.now();
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads, logSeverityLevel: 3 });
  const forward = async () => (await session.run({ x: new Tensor("float32", x.data, x.shape) })).y.data;
  const y = await forward();
  return {
    check: summary(y, [0]),
    compileSeconds: (performance.now() - began) / 1000,
    advance: async (count) => {
      for (let i = 0; i < count; i++) await forward();
    },
    release: () => session.release(),
  };
}

await serve(
  {
    name: positionals[0],
    version: createRequire(import.meta.url)("onnxruntime-node/package.json").version,
    threads,
    cases: ["inference"],
  },
  (_, __, file) => inference(readTensors(file)),
);
