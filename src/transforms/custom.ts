import { make } from "../graph/make.ts";
import type { CustomBackward } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * `value` with a reverse-mode rule of its own, where something better is known than to go back through all that computed
 * it. Forward mode is as ever, and so is reverse mode through what forward mode wrote.
 *
 * @param given     all that `value` depends on and that gradients may be asked for; there is no other way to it
 * @param backward  cotangents of `given`, from that of `value`; it must be written with the tensors that it is called
 *                  with, which stand for `given`, and nothing else that varies. Those that are not `asked` for may be undefined
 */
export function customGradient(
  value: Tensor,
  given: readonly Tensor[],
  backward: (cotangent: Tensor, given: Tensor[], asked: readonly boolean[]) => readonly (Tensor | undefined)[],
): Tensor {
  const inputs = [value, ...given].map((x) => x.node);
  const rule: CustomBackward = (sources, cotangent, asked) =>
    backward(
      new Tensor(cotangent),
      sources.map((x) => new Tensor(x)),
      asked,
    ).map((x) => x?.node);
  return new Tensor(make("custom", inputs, { backward: rule }));
}
