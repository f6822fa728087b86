import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import type { Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf } from "../graph/program.ts";
import { mse } from "../nn/losses/regression.ts";
import { training } from "../nn/mode.ts";
import { type Model, parametersOf as parameters } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { type Optimizer, tensorOf } from "../optim/optimizer.ts";
import { compile } from "../runtime/compile.ts";
import { key } from "../tensor/random/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { grad } from "../transforms/index.ts";
import { type NetworkOptions, networkOf } from "./network.ts";

/** A network's two programs, as graphs: nothing of them is compiled, and nothing is allocated. */
export interface Programs {
  readonly inference: GraphProgram;
  /** Undefined where there is nothing to train. */
  readonly training: Training | undefined;
}

/** One step of training. */
export interface Training {
  readonly graph: GraphProgram;
  /** What the model gives. */
  readonly outputs: Node;
  readonly loss: Node;
  readonly gradients: readonly Node[];
  /** What the optimizer keeps beside the parameters. */
  readonly state: ReadonlySet<Parameter>;
}

export interface ProgramOptions extends NetworkOptions {
  /** Samples that go through at once (default 1). */
  readonly batch?: number;
  /** From what the model gives, and from targets of the same shape (default: their mean square error). */
  readonly loss?: (outputs: Tensor, targets: Tensor) => Tensor;
  /** What trains it (default: Adam). */
  readonly optimizer?: Optimizer;
}

/**
 * The programs of a model; undefined for one that does not say how it is run.
 *
 * @throws `weigh.batch` unless the batch is a whole number from 1
 */
export function programsOf(model: Model, options: ProgramOptions): Programs | undefined {
  const { batch = 1, loss: measure = mse, optimizer = adam({ learningRate: 1e-3 }) } = options;
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new PondusError("weigh.batch", `weigh: the batch must be a whole number from 1, but ${batch} came.`);
  }
  const network = networkOf(model, options);
  if (!network) return undefined;
  const { input, dtype, apply } = network;
  const x = { shape: [batch, ...input], dtype };
  const inference = compile((given) => ({ y: apply(given.x) }), { x });
  const [{ node }] = inference.graph.outputs;
  if (!Object.values(parameters(model)).some((p) => p.trainable))
    return { inference: inference.graph, training: undefined };
  let [outputs, gradients]: [Node, Node[]] = [node, []];
  const step = compile(
    (given) => {
      const { value, updates: statistics } = training(
        key(0),
        () => {
          const made = apply(given.x);
          return { made, loss: measure(made, given.y) };
        },
        { planned: true },
      );
      const { made, loss } = value;
      const updates = [...optimizer.minimize(loss, model).updates, ...statistics];
      const trained = updates.map((u) => u.parameter).filter((p) => p.trainable && isFloat(p.dtype));
      outputs = made.node;
      gradients = grad(loss, trained.map(tensorOf)).map((g) => g.node);
      return { loss, updates };
    },
    { x, y: { shape: node.shape, dtype: node.dtype } },
  ).graph;
  const loss = step.outputs[0].node;
  const own = parametersOf({ ...step, updates: [], outputs: [{ name: "loss", node: loss }] });
  const state = new Set([...parametersOf(step)].filter((p) => !own.has(p)));
  return { inference: inference.graph, training: { graph: step, outputs, loss, gradients, state } };
}
