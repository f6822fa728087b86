import type { DType } from "../graph/dtype.ts";
import { make } from "../graph/make.ts";
import { flatNumbers, type Nested } from "../graph/nested.ts";
import type { Node } from "../graph/node.ts";
import { type Constrained, type Initializer, Parameter } from "../graph/parameter.ts";
import type { Shape } from "../graph/shape.ts";
import { Tensor } from "./tensor.ts";

/** What constrained parameters stand for: the expression of the whole weight. */
const expressions = new WeakMap<Parameter, Node>();

/** From now on the parameter's tensor stands for `weight`, of the parameter's shape and type, whose parts `constrained` holds. */
export function constrainTo(parameter: Parameter, constrained: Constrained, weight: Tensor): void {
  parameter.constrain(constrained);
  expressions.set(parameter, weight.node);
}

/** A parameter as a person holds it. Once it is constrained, it stands for what its entries have become. */
class ParameterTensor extends Tensor {
  readonly parameter: Parameter;

  constructor(parameter: Parameter) {
    super(make("parameter", [], { parameter }));
    this.parameter = parameter;
  }

  override get node(): Node {
    return expressions.get(this.parameter) ?? super.node;
  }
}

/**
 * A block of knobs. Using the same tensor twice ties: it is counted once, stored once, and its gradients add.
 *
 * @param init  a number for every entry, or an initializer (see `nn`), or the values themselves: nested as `shape` says, or flat
 * @throws `values.size`, `values.shape`, `shape.ragged`, `values.type` when values do not fit the shape
 */
export function parameter(
  shape: Shape,
  init: number | Nested | Initializer = 0,
  options: { name?: string; dtype?: DType; trainable?: boolean } = {},
): Tensor {
  const dtype = options.dtype ?? "float32";
  const settings = { name: options.name ?? "parameter", shape, dtype, trainable: options.trainable };
  if (typeof init === "object") {
    const values = flatNumbers(`parameter ${settings.name}`, init, shape);
    const made = new Parameter({ ...settings, init: () => (i) => values[i] });
    made.write(values);
    return new ParameterTensor(made);
  }
  const made = new Parameter({ ...settings, init: typeof init === "function" ? init : () => Number(init) });
  return new ParameterTensor(made);
}

/** What `parameter` made, constrained or not; undefined for any other tensor. */
export function weightOf(x: Tensor): Parameter | undefined {
  return x instanceof ParameterTensor ? x.parameter : undefined;
}

/**
 * The parameter behind a tensor made by `parameter`, or undefined for any other tensor, and for one that is computed
 * from others under a constraint.
 */
export function parameterOf(x: Tensor): Parameter | undefined {
  return x.node.is("parameter") ? x.node.attrs.parameter : undefined;
}
