import { grad } from "../autodiff/index.ts";
import { isFloat } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf } from "../graph/program.ts";
import { mse } from "../nn/losses.ts";
import { type Model, parametersOf as parameters } from "../nn/model.ts";
import { type Optimizer, tensorOf } from "../optim/optimizer.ts";
import { compile } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Network } from "./network.ts";

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

export interface LossOptions {
  /** From what the network gives, and from targets of the same shape (default: their mean square error). */
  readonly loss?: (outputs: Tensor, targets: Tensor) => Tensor;
  readonly optimizer: Optimizer;
}

export function programsOf(network: Network, model: Model, batch: number, options: LossOptions): Programs {
  const { loss: measure = mse, optimizer } = options;
  const { input, dtype, apply } = network;
  const x = { shape: [batch, ...input], dtype };
  const inference = compile((given) => ({ y: apply(given.x) }), { x });
  const [{ node }] = inference.graph.outputs;
  if (!Object.values(parameters(model)).some((p) => p.trainable))
    return { inference: inference.graph, training: undefined };
  let [outputs, gradients]: [Node, Node[]] = [node, []];
  const training = compile(
    (given) => {
      const made = apply(given.x);
      const loss = measure(made, given.y);
      const { updates } = optimizer.minimize(loss, model);
      const trained = updates.map((u) => u.parameter).filter((p) => p.trainable && isFloat(p.dtype));
      outputs = made.node;
      gradients = grad(loss, trained.map(tensorOf)).map((g) => g.node);
      return { loss, updates };
    },
    { x, y: { shape: node.shape, dtype: node.dtype } },
  ).graph;
  const loss = training.outputs[0].node;
  const own = parametersOf({ ...training, updates: [], outputs: [{ name: "loss", node: loss }] });
  const state = new Set([...parametersOf(training)].filter((p) => !own.has(p)));
  return { inference: inference.graph, training: { graph: training, outputs, loss, gradients, state } };
}
