import { writeBytes } from "../../io/files.ts";
import { encodeSafetensors, type StoredTensor } from "../../io/safetensors.ts";
import { type StoredConstraint, storeConstrained } from "../constraints/constraint-file.ts";
import type { Model, Occurrence } from "../model.ts";
import { blocksOf, placesOf } from "./places.ts";
import { checkLayout, transposedFor, type WeightLayout } from "./pytorch-layout.ts";

export interface WeightFileOptions {
  /** Writes all entries of constrained weights instead, for programs that know nothing of constraints. */
  readonly expand?: boolean;
  /** "pondus" (default) or "pytorch". */
  readonly layout?: WeightLayout;
  /** Goes into the file as well. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A model's weights as the bytes of a safetensors file, which any reader of that format opens: every weight by its dotted
 * name, each once. What is used at several places stands under the first of its names, and metadata `aliases` map the
 * others to it.
 *
 * Of a constrained weight the file holds each knob once, under the weight's name, [knobs]; beside it `.frozen`, [frozen];
 * `.index`, the place of each entry's number among the knobs followed by the frozen ones; and `.lower` and `.upper`,
 * [knobs], which may be infinite. Metadata `constraints` say which of these a weight has. In NumPy, with w = "0.weight":
 *
 *     x, lo, hi = f[w], f[w + ".lower"], f[w + ".upper"]  # without bounds: v = x
 *     maps = [x, lo + np.logaddexp(0, x), hi - np.logaddexp(0, x), lo + (hi - lo) / (1 + np.exp(-x))]
 *     v = np.clip(np.choose(np.isfinite(lo) + 2 * np.isfinite(hi), maps), lo, hi)
 *     weight = np.concatenate([v, f[w + ".frozen"]])[f[w + ".index"]]
 *
 * In PyTorch's layout a file holds what `load_state_dict` of the same layers takes: all entries of every weight, under
 * each of its names, those of dense layers [outputs, inputs]. Metadata `layout` say which it is.
 *
 * @throws `weights.layout` for a layout that there is not
 */
export function encodeWeights(model: Model, options: WeightFileOptions = {}): Uint8Array<ArrayBuffer> {
  const { layout = "pondus" } = options;
  checkLayout(layout);
  const tensors: Record<string, StoredTensor> = {};
  const constraints: Record<string, StoredConstraint> = {};
  const aliases: Record<string, string> = {};
  const places = placesOf(model);
  for (const [at, ...others] of places) {
    if (at.weight.constrained && !options.expand && layout === "pondus") {
      const { description, tensors: parts } = storeConstrained(at);
      Object.assign(tensors, parts);
      constraints[at.name] = description;
    } else tensors[at.name] = stored(layout, at);
    for (const other of others) {
      if (layout === "pytorch") tensors[other.name] = stored(layout, other);
      else aliases[other.name] = at.name;
    }
  }
  const metadata: Record<string, string> = { ...options.metadata, layout };
  if (Object.keys(constraints).length > 0) metadata.constraints = JSON.stringify(constraints);
  if (Object.keys(aliases).length > 0) metadata.aliases = JSON.stringify(aliases);
  const blocks = blocksOf(places);
  if (Object.keys(blocks).length > 0) metadata.blocks = JSON.stringify(blocks);
  return encodeSafetensors({ tensors, metadata });
}

/**
 * Writes a model's weights into a file, as `encodeWeights` has them.
 *
 * @throws `file.write` when the place cannot be written to, `file.host` in a web page, and what `encodeWeights` throws
 */
export function saveWeights(model: Model, path: string, options: WeightFileOptions = {}): void {
  writeBytes(path, encodeWeights(model, options));
}

/** All entries of a weight, as a file keeps them. */
function stored(layout: WeightLayout, at: Occurrence): StoredTensor {
  const { shape, dtype } = at.weight;
  return transposedFor(layout, at, { shape, dtype, data: at.weight.read() });
}
