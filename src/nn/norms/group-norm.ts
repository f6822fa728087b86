import type { DType } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { describeOrigin, labelled } from "../../graph/origin.ts";
import { formatShape } from "../../graph/shape.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ones, zeros } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { standardized } from "./standardized.ts";

export interface GroupNormOptions {
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Whether each channel has a weight and a bias. */
  readonly affine?: boolean;
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/**
 * Group normalization (Wu & He, arXiv:1803.08494): in each sample, [batch, ...spatial, channels], the numbers of a group of channels
 * at all places are brought to mean 0 and variance 1; then each channel is scaled by `weight` and moved by `bias`, both
 * [channels] (there by default). A batch of one is as good as any.
 *
 * @param groups    into how many groups of neighbours the channels are divided
 * @param channels  size of the last axis
 * @throws `layer.size` unless both are whole numbers from 1, the groups divide the channels, and epsilon is from 0;
 *         when called, `layer.input`
 */
export function groupNorm(groups: number, channels: number, options: GroupNormOptions = {}): Layer {
  return grouped("groupNorm", `groupNorm(${groups}, ${channels})`, groups, channels, { affine: true, ...options });
}

/**
 * Instance normalization (Ulyanov et al., arXiv:1607.08022): each channel of each sample, [batch, ...spatial, channels], brought to
 * mean 0 and variance 1 over its places. There are no weight and bias unless `affine` says so, as in PyTorch.
 *
 * @throws `layer.size` unless `channels` is a whole number from 1; when called, `layer.input`
 */
export function instanceNorm(channels: number, options: GroupNormOptions = {}): Layer {
  return grouped("instanceNorm", `instanceNorm(${channels})`, channels, channels, { affine: false, ...options });
}

function grouped(kind: string, name: string, groups: number, channels: number, options: GroupNormOptions): Layer {
  const { epsilon = 1e-5, affine, dtype } = options;
  if (![groups, channels, channels / groups].every((n) => Number.isInteger(n) && n > 0) || !(epsilon >= 0)) {
    throw new PondusError(
      "layer.size",
      `${name}: sizes must be whole numbers from 1, groups must divide the channels, and epsilon must be a number from 0.`,
    );
  }
  return labelled(name, () => {
    const made = (role: string, init: typeof ones) => parameter([channels], init, { name: `${name}.${role}`, dtype });
    const scale = affine ? { weight: made("weight", ones), bias: made("bias", zeros) } : undefined;
    const call = (x: Tensor) => {
      if (x.rank < 2 || x.shape[x.rank - 1] !== channels || (kind === "instanceNorm" && x.rank < 3)) {
        const places = kind === "instanceNorm" ? "places..., " : "...";
        throw new PondusError(
          "layer.input",
          `${name} takes [batch, ${places}${channels}], but ${formatShape(x.shape)} came${describeOrigin(x.node.origin)}; ` +
            "channels stand last.",
        );
      }
      return labelled(name, () => {
        const lead = x.shape.slice(0, -1);
        const parted = x.reshape([...lead, groups, channels / groups]);
        const places = [...lead.keys()].slice(1);
        const y = standardized(parted, [...places, -1], epsilon, true).reshape(x.shape);
        return scale ? y.mul(scale.weight).add(scale.bias) : y;
      });
    };
    return layer(kind, call, { name, parameters: scale ?? {} });
  });
}
