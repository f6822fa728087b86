import { make } from "../graph/make.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Model, parametersOf } from "./model.ts";

/**
 * A model's trainable knobs as tensors by their dotted names, each once: what to differentiate with respect to, as in
 * `hessian(loss, nn.knobsOf(net))`.
 *
 * @throws `model.type` for what is neither a layer, a tensor, a list nor a record
 */
export function knobsOf(model: Model): Record<string, Tensor> {
  const trainable = Object.entries(parametersOf(model)).filter(([, parameter]) => parameter.trainable);
  return Object.fromEntries(
    trainable.map(([name, parameter]) => [name, new Tensor(make("parameter", [], { parameter }))]),
  );
}
