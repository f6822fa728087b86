import { PondusError } from "../graph/errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { readSafetensors, type StoredTensor, type TensorFile, writeSafetensors } from "../io/safetensors.ts";
import { readConstrained, type StoredConstraint, storeConstrained, storedParts } from "./constraint-file.ts";
import { type Model, type Occurrence, occurrences, weightsOf } from "./model.ts";

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
 * @param options.expand    writes all entries of constrained weights instead, for programs that know nothing of this
 * @param options.metadata  goes into the file as well
 * @throws `file.write` when the place cannot be written to
 */
export function saveWeights(
  model: Model,
  path: string,
  options: { expand?: boolean; metadata?: Readonly<Record<string, string>> } = {},
): void {
  const tensors: Record<string, StoredTensor> = {};
  const constraints: Record<string, StoredConstraint> = {};
  for (const [name, weight] of Object.entries(weightsOf(model))) {
    if (weight.constrained && !options.expand) {
      const { description, tensors: parts } = storeConstrained({ name, weight });
      Object.assign(tensors, parts);
      constraints[name] = description;
    } else tensors[name] = { shape: weight.shape, dtype: weight.dtype, data: weight.read() };
  }
  const metadata = { ...options.metadata };
  const aliases = aliasesOf(model);
  if (Object.keys(constraints).length > 0) metadata.constraints = JSON.stringify(constraints);
  if (Object.keys(aliases).length > 0) metadata.aliases = JSON.stringify(aliases);
  writeSafetensors(path, { tensors, metadata });
}

/**
 * Gives a model the weights of a safetensors file: one that `saveWeights` wrote of a model with the same constraints, or
 * one that holds all entries of every weight by its name, as other programs write it. All entries of a constrained weight
 * are taken when they keep its constraint, ties and frozen values to the last bit. When anything is wrong, the model is
 * left as it was.
 *
 * @throws `weights.model` when the file is of another model, `weights.constraint` when it is of one with other constraints
 *         or when the values break the model's, `weights.nonfinite` when one is no finite number, and what
 *         `readSafetensors` throws
 */
export function loadWeights(model: Model, path: string): void {
  const file = readSafetensors(path);
  const constraints = constraintsOf(file, path);
  const used = new Set<string>();
  const writes = Object.entries(weightsOf(model)).map(([name, weight]) => {
    const description = Object.hasOwn(constraints, name) ? constraints[name] : undefined;
    if (!description) return takeWhole(file, { name, weight }, path, used);
    return takeParts(file, { name, weight }, description, path, used);
  });
  for (const [alias, name] of Object.entries(aliasesOf(model))) {
    if (!Object.hasOwn(file.tensors, alias)) continue;
    used.add(alias);
    const [here, there] = [file.tensors[alias].data, file.tensors[name]?.data];
    if (here.length === there?.length && here.every((x, i) => x === there[i])) continue;
    throw otherModel(path, `holds other numbers as "${alias}" than as "${name}", which are one weight in the model`);
  }
  const surplus = Object.keys(file.tensors).find((name) => !used.has(name));
  if (surplus) throw otherModel(path, `holds "${surplus}", which the model does not have`);
  for (const write of writes) write();
}

/** The further names of weights that stand at several places. */
function aliasesOf(model: Model): Record<string, string> {
  const first = new Map<Parameter, string>();
  const aliases: Record<string, string> = {};
  for (const { name, weight } of occurrences(model)) {
    const earlier = first.get(weight);
    if (earlier === undefined) first.set(weight, name);
    else if (earlier !== name) aliases[name] = earlier;
  }
  return aliases;
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

/** All entries, as they stand. */
function takeWhole({ tensors }: TensorFile, { name, weight }: Occurrence, path: string, used: Set<string>) {
  const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (!found || !sameShape(found.shape, weight.shape) || found.dtype !== weight.dtype) {
    const came = found ? `${found.dtype} ${formatShape(found.shape)}` : "nothing of that name";
    throw otherModel(path, `holds ${came} where the model has "${name}", ${weight.dtype} ${formatShape(weight.shape)}`);
  }
  used.add(name);
  checkFinite(found, name, path);
  const refusal = weight.constrained?.refusal(found.data);
  if (refusal) {
    throw new PondusError(
      "weights.constraint",
      `${path}: "${name}" breaks the model's constraint: ${refusal}; load it into a model without, or mend the values.`,
    );
  }
  return () => weight.write(found.data);
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
  for (const part of [description.knobs, description.frozen]) if (part) checkFinite(tensors[part], part, path);
  return () => {
    if (found.knobs) constrained.knobs?.write(found.knobs);
    if (found.frozen) constrained.frozen?.write(found.frozen);
  };
}

function checkFinite({ data }: StoredTensor, name: string, path: string): void {
  const odd = data.find((x) => !Number.isFinite(x));
  if (odd === undefined) return;
  throw new PondusError("weights.nonfinite", `${path}: "${name}" holds ${odd} where a number belongs; train anew.`);
}

function otherModel(path: string, what: string): PondusError {
  return new PondusError("weights.model", `${path} ${what}; it was written by another model or version of the page.`);
}
