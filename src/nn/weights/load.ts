import type { TypedArray } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { formatShape, sameShape, type TensorType } from "../../graph/shape.ts";
import { decodeSafetensors, type StoredTensor, type TensorFile } from "../../io/safetensors.ts";
import { type Read, type Source, withBytes } from "../../io/source.ts";
import { readConstrained, type StoredConstraint, storedParts } from "../constraints/constraint-file.ts";
import type { Model, Occurrence } from "../model.ts";
import { constraintsOf, recordOf } from "./metadata.ts";
import { listed, partOf } from "./part.ts";
import { blocksOf, placesOf } from "./places.ts";
import { isBatchCount, layoutAdvice, layoutOf, transposedFor, type WeightLayout } from "./pytorch-layout.ts";

export interface LoadOptions {
  /** "pytorch" for a file that PyTorch wrote, "pondus" for one that keeps weights as the model does. */
  readonly layout?: WeightLayout;
  /** Takes the part of the file whose names begin so, "encoder.", and takes that beginning off them. */
  readonly prefix?: string;
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
 * @param source  a path, or the file's bytes (`Uint8Array`, `ArrayBuffer`); of a `Blob`, a `Response` or a promise of one, such
 *                as `fetch(url)`, a promise is returned, which resolves when the model has its weights
 * @throws `weights.layout` when the layout is not what the file says, or is not known; `weights.prefix` when nothing begins
 *         with the prefix; `weights.model` when the file is of another model, `weights.constraint` when it is of one with
 *         other constraints or when the values break the model's, `weights.nonfinite` when one is no finite number, and what
 *         `readSafetensors` throws
 */
export function loadWeights<S extends Source>(model: Model, source: S, options: LoadOptions = {}): Read<S, void> {
  return withBytes(source, (bytes, name) => takeWeights(model, bytes, name, options));
}

/** The same of bytes that errors call `name`. */
export function takeWeights(model: Model, bytes: Uint8Array, name: string, options: LoadOptions = {}): void {
  const { prefix } = options;
  const whole = decodeSafetensors(bytes, name);
  const file = prefix === undefined ? whole : partOf(whole, prefix, name);
  const path = prefix === undefined ? name : `${name}, under ${JSON.stringify(prefix)},`;
  const places = placesOf(model);
  const layout = layoutOf(file, places.flat(), options.layout, path);
  const constraints = constraintsOf(file, path);
  checkNames(file, constraints, places, path);
  checkBlocks(file, blocksOf(places), path);
  const used = new Set<string>();
  const writes = places.map((names) => {
    const at = names.find(({ name }) => Object.hasOwn(constraints, name));
    if (!at) return takeWhole(file, names, layout, path, used);
    return takeParts(file, at, constraints[at.name], path, used);
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

/** Whether the file has something for every weight; the error tells what is missing and what else there is. */
function checkNames(
  { tensors }: TensorFile,
  constraints: Readonly<Record<string, StoredConstraint>>,
  places: readonly (readonly Occurrence[])[],
  path: string,
): void {
  const holds = ({ name }: Occurrence) => Object.hasOwn(tensors, name) || Object.hasOwn(constraints, name);
  const missing = places.filter((names) => !names.some(holds)).map(([first]) => first);
  if (missing.length === 0) return;
  const [{ name: first }] = missing;
  const model = new Set(places.flat().map(({ name }) => name));
  const [known, others] = [true, false].map((yes) => Object.keys(tensors).filter((name) => model.has(name) === yes));
  const what = `holds nothing named ${listed(missing.map(({ name }) => name))}, which the model has`;
  // The model may be a part of the one that was saved.
  const prefix = others
    .flatMap((name) => (name.endsWith(`.${first}`) ? [name.slice(0, -first.length)] : []))
    .find((before) => places.every((names) => names.some(({ name }) => Object.hasOwn(tensors, before + name))));
  const advice = prefix && `read the part that the model is with { prefix: ${JSON.stringify(prefix)} }`;
  throw otherModel(path, `${what}; it holds ${listed([...others, ...known])}`, advice);
}

/** Equal shapes may mean different gates. A file of another program does not say, and is taken as it is. */
function checkBlocks({ metadata }: TensorFile, here: Record<string, string>, path: string): void {
  if (metadata.layout === undefined) return;
  const there = recordOf<string>(metadata.blocks ?? "{}") ?? {};
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

/** All entries, as they stand, under one of the weight's names or under several. */
function takeWhole(
  { tensors }: TensorFile,
  places: readonly Occurrence[],
  layout: WeightLayout,
  path: string,
  used: Set<string>,
) {
  const { weight } = places[0];
  const here = places.filter(({ name }) => Object.hasOwn(tensors, name));
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
