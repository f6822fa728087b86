import { memoryHere } from "#host/memory";
import type { BackendName } from "../backends/backend.ts";
import type { Machine } from "../compiler/ir/loop.ts";
import { rootsOf } from "../graph/program.ts";
import type { Model } from "../nn/model.ts";
import { chooseBackend } from "../runtime/choose.ts";
import { type SecondOrderPrice, secondOrderPrice } from "../transforms/matrices/price.ts";
import { type Counts, count } from "./counts.ts";
import { type Flops, flopsOf, flopsOfStep } from "./flops.ts";
import { type InferencePrice, priceInference, priceTraining, type TrainingPrice } from "./price.ts";
import { type ProgramOptions, programsOf } from "./programs.ts";
import { type Traffic, trafficOf } from "./traffic.ts";

export interface WeighOptions extends ProgramOptions {
  /** What it is planned for (default: what would run it here). */
  readonly backend?: BackendName | "auto";
}

/** What a network is and takes, known before any of it runs. */
export interface Weighing extends Counts {
  readonly batch: number;
  readonly backend: BackendName;
  readonly hessian: HessianPrice;
  /** These are missing for a model that is no layer, unless `input` and `apply` say how it is run. */
  readonly inference?: InferencePrice;
  readonly training?: TrainingPrice;
  readonly flops?: Flops;
  /** Of a step of training. */
  readonly traffic?: Traffic;
}

export interface HessianPrice extends SecondOrderPrice {
  /** Whether the matrix, in float64, fits this machine's memory; undefined where the size of the memory is not known. */
  readonly affordable?: boolean;
  readonly memoryHere?: number;
}

/** What a program is planned for when the backend itself plans nothing. */
const plain: Machine = { vectorBytes: 16, registers: 16, mixedWidths: false };

/**
 * Weighs a model: its knobs, what running and training it takes in memory and operations, and what its Hessian would.
 * All of it follows from shapes and from the compiler's own plan: nothing runs, and nothing of the model's size is
 * allocated.
 *
 * @param model  a layer, a tensor made of parameters, or a list or record of such
 * @throws `weigh.batch` unless the batch is a whole number from 1, `model.type` for what is no model, and what the model
 *         throws when it does not take the input
 */
export function weigh(model: Model, options: WeighOptions = {}): Weighing {
  const backend = chooseBackend(options.backend);
  const machine = backend.machine() ?? plain;
  const counts = count(model);
  const { batch = 1 } = options;
  const common = { ...counts, batch, backend: backend.name, hessian: priceHessian(counts.parameters.trainable) };
  const programs = programsOf(model, options);
  if (!programs) return common;
  const { inference, training } = programs;
  const trained = training && priceTraining(training, machine);
  return {
    ...common,
    inference: priceInference(inference, machine),
    ...(trained && { training: trained, traffic: trafficOf(trained) }),
    flops: training ? flopsOfStep(training) : { forward: flopsOf(rootsOf(inference)), backward: 0, update: 0 },
  };
}

function priceHessian(parameters: number): HessianPrice {
  const price = secondOrderPrice(parameters);
  const here = memoryHere();
  return { ...price, ...(here !== undefined && { memoryHere: here, affordable: price.float64Bytes <= here }) };
}
