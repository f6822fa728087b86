import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import type { Initializer, Parameter } from "../graph/parameter.ts";
import { formatShape, sizeOf } from "../graph/shape.ts";
import { substitute } from "../graph/walk.ts";
import { parameter, weightOf } from "../tensor/parameter.ts";
import { Tensor } from "../tensor/tensor.ts";
import { vmap } from "../transforms/index.ts";
import { type Layer, layer } from "./layer.ts";
import { nameParameters, weightsOf } from "./model.ts";

/**
 * So many layers like one side by side, each with knobs of its own and drawn as a layer by itself: what `vmap` makes of the layer as a
 * function of its knobs and its input, [members, ...] to [members, ...]. Each knob has the members as its first axis.
 *
 * @param members  how many
 * @param one      any layer; it gives its form, and its own knobs are not used
 * @throws `layer.size` unless `members` is a whole number from 1, `layer.option` where weights of `one` are constrained; when called,
 *         `layer.input` where another number of members comes
 */
export function ensemble(members: number, one: Layer): Layer {
  const name = `ensemble(${members}, ${one.name})`;
  if (!Number.isInteger(members) || members < 1) {
    throw new PondusError("layer.size", `${name}: the members must be a whole number from 1.`);
  }
  const weights = Object.values(weightsOf(one));
  const constrained = weights.find((weight) => weight.constrained);
  if (constrained) {
    throw new PondusError(
      "layer.option",
      `${name}: ${constrained.name} is constrained; constrain the ensemble's weights instead.`,
    );
  }
  const knobs = labelled(name, () => new Map(weights.map((weight) => [weight, memberKnob(weight, members)])));
  const made = ensembleOf(one, members, knobs);
  if (Object.keys(one.children).length > 0) nameParameters(made);
  return made;
}

function memberKnob({ shape, dtype, trainable, given, init }: Parameter, members: number): Tensor {
  return parameter([members, ...shape], memberwise(init), { name: given, dtype, trainable });
}

/** Draws what each member holds as it would be drawn for itself, one after the other: the first is that of a single layer. */
function memberwise(each: Initializer): Initializer {
  return (random, [members, ...shape]) => {
    const size = sizeOf(shape);
    const entries = Array.from({ length: members }, () => each(random, shape));
    return (index) => {
      const entry = entries[Math.floor(index / size)];
      return typeof entry === "number" ? entry : entry(index % size);
    };
  };
}

function ensembleOf(one: Layer, members: number, knobs: ReadonlyMap<Parameter, Tensor>): Layer {
  const name = `ensemble(${members}, ${one.name})`;
  const used = Object.values(weightsOf(one));
  const own = used.map((weight) => knobs.get(weight) as Tensor);
  const places = used.map((weight) => make("parameter", [], { parameter: weight }));
  /** What is computed from the knobs, of each member from its own. */
  const ofEach = (f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]) =>
    vmap((mine: Tensor[], given: Tensor[]) => {
      const mineFor = new Map(places.map((place, i) => [place as Node, mine[i].node]));
      return new Tensor(substitute([f(...given).node], mineFor)[0]);
    })(own, xs);
  const call = (x: Tensor) => {
    if (x.shape[0] !== members) {
      throw new PondusError(
        "layer.input",
        `${name}: takes one input for each member, [${members},...], but ${formatShape(x.shape)} came${describeOrigin(x.node.origin)}.`,
      );
    }
    return labelled(name, () => ofEach(one, x));
  };
  return layer(one.kind, call, {
    name,
    parameters: Object.fromEntries(
      Object.entries(one.parameters).map(([role, x]) => {
        const weight = weightOf(x);
        return [role, (weight && knobs.get(weight)) ?? ofEach(() => x)];
      }),
    ),
    children: Object.fromEntries(
      Object.entries(one.children).map(([place, child]) => [place, ensembleOf(child, members, knobs)]),
    ),
    transposed: one.transposed,
    blocks: one.blocks,
  });
}
