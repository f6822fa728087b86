import type { Node } from "../graph/node.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Every derivative rule (but for loops and branches: control-forward.ts, control-backward.ts, loop-backward.ts). `forward` maps the tangents of an op's inputs to
 * the tangent of its result, `backward` maps the cotangent of the result to those of the inputs. Undefined is zero.
 */
export interface Rule {
  forward(node: Node, tangents: readonly (Tensor | undefined)[]): Tensor | undefined;
  /** `asked` says which inputs' cotangents are looked at. */
  backward(node: Node, cotangent: Tensor, asked: readonly boolean[]): readonly (Tensor | undefined)[];
}
