import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import type { Initializer } from "../graph/parameter.ts";
import { formatShape, sizeOf } from "../graph/shape.ts";
import { einsum } from "../tensor/functions.ts";
import { parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { glorotUniform, zeros } from "./initializers.ts";
import { type Layer, layer } from "./layer.ts";

/**
 * The dense layer y = x w + b over the last axis: [..., inputs] to [..., outputs].
 *
 * With `members` it is so many dense layers side by side, each with knobs of its own and drawn as a layer by itself:
 * [members, inputs] to [members, outputs], or [members, batch, inputs] to [members, batch, outputs].
 *
 * @param inputs            size of the last axis that comes in
 * @param outputs           size of the last axis that goes out
 * @param options.bias      whether there is a b, [outputs] (default: yes)
 * @param options.init      first value of w, [inputs, outputs] (default: `glorotUniform`)
 * @param options.biasInit  first value of b (default: `zeros`)
 * @param options.members   how many layers: w is [members, inputs, outputs] and b [members, outputs]
 * @param options.dtype     float32 (default) or float64
 * @throws `layer.size` unless all sizes are whole numbers from 1; when called, `shape.matmul`, `layer.input` and
 *         `dtype.mixed`
 */
export function dense(
  inputs: number,
  outputs: number,
  options: { bias?: boolean; init?: Initializer; biasInit?: Initializer; members?: number; dtype?: DType } = {},
): Layer {
  const { bias = true, init = glorotUniform, biasInit = zeros, members, dtype } = options;
  const name = `dense(${inputs}, ${outputs}${members === undefined ? "" : `, ${members} members`})`;
  if (![inputs, outputs, members ?? 1].every((n) => Number.isInteger(n) && n > 0)) {
    const what = members === undefined ? "both sizes" : "sizes and members";
    throw new PondusError("layer.size", `${name}: ${what} must be whole numbers from 1.`);
  }
  const lead = members === undefined ? [] : [members];
  const drawn = (each: Initializer) => (members === undefined ? each : memberwise(each));
  return labelled(name, () => {
    const weight = parameter([...lead, inputs, outputs], drawn(init), { name: `${name}.weight`, dtype });
    // Of several members one sample has no shape that could be told from a batch of two axes.
    const described = { name, takes: members === undefined ? [inputs] : undefined, transposed: ["weight"] };
    const product = (x: Tensor) => (members === undefined ? x.matmul(weight) : memberProduct(name, x, weight));
    if (!bias) return layer("dense", (x) => labelled(name, () => product(x)), { ...described, parameters: { weight } });
    const b = parameter([...lead, outputs], drawn(biasInit), { name: `${name}.bias`, dtype });
    const call = (x: Tensor) => {
      const y = product(x);
      return y.add(y.rank > b.rank && members !== undefined ? b.unsqueeze(1) : b);
    };
    return layer("dense", (x) => labelled(name, () => call(x)), { ...described, parameters: { weight, bias: b } });
  });
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

/** Each member's rows by its own weights, [members, (batch,) inputs] x [members, inputs, outputs]. */
function memberProduct(name: string, x: Tensor, weight: Tensor): Tensor {
  const [members, inputs] = weight.shape;
  if ((x.rank !== 2 && x.rank !== 3) || x.shape[0] !== members || x.shape[x.rank - 1] !== inputs) {
    throw new PondusError(
      "layer.input",
      `${name}: takes [${members},${inputs}] or [${members},batch,${inputs}], but ${formatShape(x.shape)} ` +
        `came${describeOrigin(x.node.origin)}.`,
    );
  }
  return x.rank === 2 ? einsum("mi,mio->mo", x, weight) : einsum("mbi,mio->mbo", x, weight);
}
