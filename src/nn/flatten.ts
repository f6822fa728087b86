import { PondusError } from "../graph/errors.ts";
import { labelled } from "../graph/origin.ts";
import { formatShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Layer, layer } from "./layer.ts";

/** Every sample as one row: [batch, ...] to [batch, product of the rest]. Throws `layer.input` for a scalar. */
export const flatten = rows("flatten", (x) => x);

/**
 * The same with the last axis, the channels, before all others: the order in which PyTorch flattens, so that the weights of
 * the dense layer behind it fit.
 */
export const flattenChannelsFirst = rows("flattenChannelsFirst", (x) => {
  const axes = x.shape.map((_, i) => i);
  return x.rank < 3 ? x : x.permute([0, x.rank - 1, ...axes.slice(1, -1)]);
});

function rows(name: string, ordered: (x: Tensor) => Tensor): Layer {
  return layer(name, (x) => {
    if (x.rank === 0) {
      throw new PondusError("layer.input", `${name} takes [batch, ...], but a scalar ${formatShape(x.shape)} came.`);
    }
    const size = x.shape.slice(1).reduce((n, m) => n * m, 1);
    return labelled(name, () => ordered(x).reshape([x.shape[0], size]));
  });
}
