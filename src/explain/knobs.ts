import { isFloat } from "../graph/dtype.ts";
import type { Parameter } from "../graph/parameter.ts";
import { parametersUnder } from "../graph/program.ts";
import { substitute } from "../graph/walk.ts";
import { tensorOf } from "../optim/optimizer.ts";
import { Tensor } from "../tensor/tensor.ts";
import { unravel } from "../transforms/structure.ts";

/** The knobs that an expression depends on, counted one parameter after another, each row-major. */
export interface Knobs {
  readonly parameters: readonly Parameter[];
  readonly leaves: readonly Tensor[];
  readonly size: number;
  readonly dtype: "float32" | "float64";
  values(): Float64Array;
  /** "0.weight[3, 1]" */
  label(index: number): string;
  /** The parameter of a knob, as a place in `parameters`. */
  parameterAt(index: number): number;
}

/** Those that are trained, of the type that most of them have. */
export function knobsIn(expression: Tensor): Knobs {
  const floats = [...parametersUnder([expression.node])].filter((p) => p.trainable && isFloat(p.dtype));
  const dtype = (floats[0]?.dtype ?? "float32") as "float32" | "float64";
  const parameters = floats.filter((p) => p.dtype === dtype);
  const starts: number[] = [];
  let size = 0;
  for (const p of parameters) {
    starts.push(size);
    size += p.size;
  }
  const parameterAt = (index: number) => starts.findLastIndex((start) => start <= index);
  return {
    parameters,
    leaves: parameters.map(tensorOf),
    size,
    dtype,
    parameterAt,
    values: () => Float64Array.from(parameters.flatMap((p) => Array.from(p.read()))),
    label: (index) => {
      const at = parameterAt(index);
      const { name, shape } = parameters[at];
      let rest = index - starts[at];
      const place = shape.toReversed().map((n) => {
        const i = rest % n;
        rest = Math.floor(rest / n);
        return i;
      });
      return place.length === 0 ? name : `${name}[${place.toReversed().join(", ")}]`;
    },
  };
}

/** The place of the layer that a parameter belongs to: "0" of "0.weight". */
export const layerPathOf = ({ name }: Parameter) => name.split(".").slice(0, -1).join(".") || name;

/** An expression with all knobs taken from one vector, [size]. */
export function atKnobs(expression: Tensor, { leaves }: Knobs, theta: Tensor): Tensor {
  const given = unravel(theta, leaves) as Tensor[];
  const replacements = new Map(leaves.map((leaf, i) => [leaf.node, given[i].node]));
  return new Tensor(substitute([expression.node], replacements)[0]);
}
