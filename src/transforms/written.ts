import { close, formal } from "../graph/body.ts";
import { isFloat } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import { substitute } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { jvp, vjp } from "./derivatives.ts";

/** A function of tensors, written down once so that it can be written again on others. */
export interface Written {
  readonly result: Tensor;
  /** All that the result depends on: the arguments, then what the function took from outside, such as weights. */
  readonly given: readonly Tensor[];
  /** The result on others in their place. */
  on(given: readonly Tensor[]): Tensor;
  /**
   * The cotangents of those others, from the cotangent of the result on them: each place's own, also where one of them is
   * computed from another.
   */
  pull(given: readonly Tensor[], cotangent: Tensor): (Tensor | undefined)[];
  /** How the result on those others changes when those at some places move along tangents, and no other. */
  push(given: readonly Tensor[], tangents: ReadonlyMap<number, Tensor>): Tensor;
}

/** Calls `f` on stand-ins for `xs`, and finds what else it depends on. */
export function written(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): Written {
  const formals = xs.map((x) => formal(x.node));
  const closed = close([f(...formals.map((x) => new Tensor(x))).node], formals);
  const places = [...formals, ...closed.captured.map((s) => s.formal)];
  const [result] = closed.outputs;
  const placed = (outputs: readonly Node[], given: readonly Tensor[], more: readonly [Node, Node][] = []) =>
    substitute(outputs, new Map([...places.map((place, i): [Node, Node] => [place, given[i].node]), ...more])).map(
      (x) => new Tensor(x),
    );
  const on = (given: readonly Tensor[]) => placed([result], given)[0];
  const pull = (given: readonly Tensor[], cotangent: Tensor) => {
    const ct = formal(result);
    const floats = places.filter((place) => isFloat(place.dtype));
    const back = vjp(
      new Tensor(result),
      new Tensor(ct),
      floats.map((place) => new Tensor(place)),
    );
    const found = placed(
      back.map((x) => x.node),
      given,
      [[ct, cotangent.node]],
    );
    return places.map((place) => found[floats.indexOf(place)]);
  };
  const push = (given: readonly Tensor[], tangents: ReadonlyMap<number, Tensor>) => {
    const along = [...tangents].map(([place, tangent]) => ({ place, tangent, formal: formal(tangent.node) }));
    const moved = jvp(
      new Tensor(result),
      along.map(({ place }) => new Tensor(places[place])),
      along.map(({ formal }) => new Tensor(formal)),
    );
    const more = along.map(({ formal, tangent }): [Node, Node] => [formal, tangent.node]);
    return placed([moved.node], given, more)[0];
  };
  const given = [...xs, ...closed.captured.map((s) => new Tensor(s.input))];
  return { result: on(given), given, on, pull, push };
}
