import type { TypedArray } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { formatShape, sameShape, type TensorType } from "../graph/shape.ts";
import { readSafetensors, type StoredTensor, type TensorFile, writeSafetensors } from "../io/safetensors.ts";
import {
  readConstrained,
  type StoredConstraint,
  storeConstrained,
  storedParts,
} from "./constraints/constraint-file.ts";
import { type Model, type Occurrence, occurrences } from "./model.ts";
import {
  checkLayout,
  isBatchCount,
  layoutAdvice,
  layoutOf,
  transposedFor,
  type WeightLayout,
} from "./pytorch-layout.ts";

/**
 * Writes a model's weights as safetensors, which any reader of that format opens: every weight by its dotted name, each
 * once. What is used at several places stands under the first of its names, and metadata `aliases` map the others to it.
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
 * @param options.expand    writes all entries of constrained weights instead, for programs that know nothing of this
 * @param options.layout    "pondus" (default) or "pytorch"
 * @param options.metadata  goes into the file as well
 * @throws `file.write` when the place cannot be written to, `weights.layout` for a layout that there is not
 */
export function saveWeights(
  model: Model,
  path: string,
  options: { expand?: boolean; layout?: WeightLayout; metadata?: Readonly<Record<string, string>> } = {},
): void {
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
  writeSafetensors(path, { tensors, metadata });
}

/**
 * Gives a model the weights of a safetensors file: one that `saveWeights` wrote of a model with the same constraints, or
 * one that holds all entries of every weight by its name, as other programs write it. All entries of a constrained weight
 * are taken when they keep its constraint, ties and frozen values to the last bit. When anything is wrong, the model is
 * left as it was.
 *
 * With PyTorch's layout, weights of dense layers are [outputs, inputs] in the file and are transposed; counts of batches,
 * `num_batches_tracked`, are passed over. A file that Pondus wrote says its layout, and of another the shapes do; only
 * where a square weight would fit both ways and the layout is not given, the file is refused.
 *
 * @param options.layout  "pytorch" for a file that PyTorch wrote, "pondus" for one that keeps weights as the model does
 * @throws `weights.layout` when the layout is not what the file says, or is not known; `weights.model` when the file is of
 *         another model, `weights.constraint` when it is of one with other constraints or when the values break the
 *         model's, `weights.nonfinite` when one is no finite number, and what `readSafetensors` throws
 */
export function loadWeights(model: Model, path: string, options: { layout?: WeightLayout } = {}): void {
  const file = readSafetensors(path);
  const places = placesOf(model);
  const layout = layoutOf(file, places.flat(), options.layout, path);
  const constraints = constraintsOf(file, path);
  checkBlocks(file, blocksOf(places), path);
  const used = new Set<string>();
  const writes = places.map((at) => {
    const description = Object.hasOwn(constraints, at[0].name) ? constraints[at[0].name] : undefined;
    if (!description) return takeWhole(file, at, layout, path, used);
    return takeParts(file, at[0], description, path, used);
  });
  const surplus = Object.entries(file.tensors).find(
    ([name, tensor]) => !used.has(name) && !(layout === "pytorch" && isBatchCount(name, tensor)),
  );
  if (surplus) {
    const advice = isBatchCount(...surplus)
      ? 'PyTorch counts batches so: read it with { layout: "pytorch" }'
      : undefined;
    throw otherModel(path, `holds "${surplus[0]}", which the model does not have`, advice);
  }
  for (const write of writes) write();
}

/** What the blocks of weights are for, by name, where shapes do not say. */
function blocksOf(places: readonly (readonly Occurrence[])[]): Record<string, string> {
  return Object.fromEntries(places.flatMap(([{ name, blocks }]) => (blocks === undefined ? [] : [[name, blocks]])));
}

/** Equal shapes may mean different gates. A file of another program does not say, and is taken as it is. */
function checkBlocks({ metadata }: TensorFile, here: Record<string, string>, path: string): void {
  if (metadata.layout === undefined) return;
  const there = textsOf(metadata.blocks);
  for (const name of new Set([...Object.keys(here), ...Object.keys(there)])) {
    if (here[name] === there[name]) continue;
    const says = (blocks: string | undefined) =>
      blocks === undefined ? "a block for each gate" : `blocks for ${blocks}`;
    throw otherModel(
      path,
      `holds "${name}" with ${says(there[name])}, but the model has ${says(here[name])}`,
      "tie the same gates as when it was written",
    );
  }
}

function textsOf(json: string | undefined): Record<string, string> {
  try {
    const found: unknown = JSON.parse(json ?? "{}");
    return isRecord(found) ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}

/** Every weight at all the places where it stands, under different names; each list begins with the first. */
function placesOf(model: Model): [Occurrence, ...Occurrence[]][] {
  const places = new Map<Parameter, [Occurrence, ...Occurrence[]]>();
  for (const at of occurrences(model)) {
    const earlier = places.get(at.weight);
    if (!earlier) places.set(at.weight, [at]);
    else if (!earlier.some(({ name }) => name === at.name)) earlier.push(at);
  }
  return [...places.values()];
}

/** All entries of a weight, as a file keeps them. */
function stored(layout: WeightLayout, at: Occurrence): StoredTensor {
  const { shape, dtype } = at.weight;
  return transposedFor(layout, at, { shape, dtype, data: at.weight.read() });
}

function constraintsOf({ metadata }: TensorFile, path: string): Record<string, StoredConstraint> {
  if (metadata.constraints === undefined) return {};
  try {
    const found: unknown = JSON.parse(metadata.constraints);
    if (isRecord(found) && Object.values(found).every(isRecord)) return found as Record<string, StoredConstraint>;
  } catch {
    // Said below.
  }
  throw new PondusError("weights.constraint", `${path}: its metadata "constraints" do not map weights to their parts.`);
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

/** All entries, as they stand, under one of the weight's names or under several. */
function takeWhole(
  { tensors }: TensorFile,
  places: readonly Occurrence[],
  layout: WeightLayout,
  path: string,
  used: Set<string>,
) {
  const { weight, name: first } = places[0];
  const here = places.filter(({ name }) => Object.hasOwn(tensors, name));
  if (here.length === 0) {
    throw otherModel(path, `holds nothing of that name where the model has "${first}", ${described(weight)}`);
  }
  const [{ name, data }, ...others] = here.map((at) => {
    used.add(at.name);
    return { name: at.name, data: wholeAt(at, tensors[at.name], layout, path) };
  });
  const odd = others.find((other) => other.data.some((x, i) => x !== data[i]));
  if (odd) {
    throw otherModel(path, `holds other numbers as "${odd.name}" than as "${name}", which are one weight in the model`);
  }
  const refusal = weight.constrained?.refusal(data);
  if (refusal) {
    throw new PondusError(
      "weights.constraint",
      `${path}: "${name}" breaks the model's constraint: ${refusal}; load it into a model without, or mend the values.`,
    );
  }
  return () => weight.write(data);
}

/** The numbers of a tensor of the file, as the weight has them. */
function wholeAt(at: Occurrence, found: StoredTensor, layout: WeightLayout, path: string): TypedArray {
  const { shape, dtype, data } = transposedFor(layout, at, found);
  if (!sameShape(shape, at.weight.shape) || dtype !== at.weight.dtype) {
    const what = `holds ${described(found)} where the model has "${at.name}", ${described(at.weight)}`;
    throw otherModel(path, what, layoutAdvice(layout, at, found));
  }
  checkFinite(data, at.name, path);
  return data;
}

/** Knobs and frozen numbers. */
function takeParts(
  { tensors }: TensorFile,
  { name, weight }: Occurrence,
  description: StoredConstraint,
  path: string,
  used: Set<string>,
) {
  const { constrained } = weight;
  const found = constrained ? readConstrained(description, tensors, constrained) : "it is free in the model";
  if (!constrained || typeof found === "string") {
    throw new PondusError(
      "weights.constraint",
      `${path}: "${name}" was saved under another constraint than the model's: ${found}; constrain the model as it was ` +
        "when the file was written, or write the file with { expand: true }.",
    );
  }
  for (const part of storedParts) used.add(description[part] as string);
  for (const part of [description.knobs, description.frozen]) if (part) checkFinite(tensors[part].data, part, path);
  return () => {
    if (found.knobs) constrained.knobs?.write(found.knobs);
    if (found.frozen) constrained.frozen?.write(found.frozen);
  };
}

function checkFinite(data: TypedArray, name: string, path: string): void {
  const odd = data.find((x) => !Number.isFinite(x));
  if (odd === undefined) return;
  throw new PondusError("weights.nonfinite", `${path}: "${name}" holds ${odd} where a number belongs; train anew.`);
}

const described = ({ dtype, shape }: TensorType) => `${dtype} ${formatShape(shape)}`;

function otherModel(path: string, what: string, mend = "it was written by another model or version of the page") {
  return new PondusError("weights.model", `${path} ${what}; ${mend}.`);
}
