import { bound, close } from "../graph/body.ts";
import { isFloat } from "../graph/dtype.ts";
import { substitute } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { vjp } from "./derivatives.ts";

/** A function of tensors, written down once so that it can be written again on others. */
export interface Written {
  readonly result: Tensor;
  /** All that the result depends on: the arguments, then what the function took from outside, such as weights. */
  readonly given: readonly Tensor[];
  /** The result on others in their place. */
  on(given: readonly Tensor[]): Tensor;
  /** The cotangents of those others, from the cotangent of the result on them; of one that comes twice, at the first place. */
  pull(given: readonly Tensor[], cotangent: Tensor): (Tensor | undefined)[];
}

/** Calls `f` on stand-ins for `xs`, and finds what else it depends on. */
export function written(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): Written {
  const formals = xs.map((x) => bound(x.node));
  const closed = close([f(...formals.map((x) => new Tensor(x))).node], formals);
  const places = [...formals, ...closed.captured];
  const on = (given: readonly Tensor[]) =>
    new Tensor(substitute(closed.outputs, new Map(places.map((place, i) => [place, given[i].node])))[0]);
  const pull = (given: readonly Tensor[], cotangent: Tensor) => {
    const nodes = given.map((x) => x.node);
    const floats = given.filter((x, i) => isFloat(x.dtype) && nodes.indexOf(x.node) === i);
    const back = vjp(on(given), cotangent, floats);
    return given.map((x) => back[floats.indexOf(x)]);
  };
  const given = [...xs, ...closed.sources.map((x) => new Tensor(x))];
  return { result: on(given), given, on, pull };
}
