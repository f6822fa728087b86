import { type Constraint, difference, entryName, type Group, numberingOf } from "../../graph/constraint.ts";
import type { DType, TypedArray } from "../../graph/dtype.ts";
import type { Constrained, Parameter } from "../../graph/parameter.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../../graph/shape.ts";
import type { StoredTensor } from "../../io/safetensors.ts";
import { holders, type Occurrence } from "../model.ts";

/** How a file's tensors make up a weight; each name is that of a tensor of the file. */
export interface StoredConstraint {
  readonly shape: Shape;
  readonly dtype: DType;
  /** [knobs], before they are brought inside their bounds. */
  readonly knobs?: string;
  /** [frozen], or of the weight's shape where all of it is frozen apart. */
  readonly frozen?: string;
  /** int32, the weight's shape: where each entry's number stands among the knobs followed by the frozen ones. */
  readonly index?: string;
  /** [knobs], infinite where a knob has no such bound. */
  readonly lower?: string;
  readonly upper?: string;
}

export const storedParts = ["knobs", "frozen", "index", "lower", "upper"] as const;

type Tensors = Record<string, StoredTensor>;
const stored = (p: Parameter): StoredTensor => ({ shape: p.shape, dtype: p.dtype, data: p.read() });

/** A constrained weight as a file's tensors, and what they are to each other. */
export function storeConstrained(at: Occurrence): { description: StoredConstraint; tensors: Tensors } {
  const { name, weight } = at;
  const { constraint, knobs } = weight.constrained as Constrained;
  const { shape, dtype, groups } = constraint;
  const numbering = numberingOf(constraint);
  const tensors: Tensors = {};
  const description: Record<string, unknown> = { shape, dtype };
  const put = (part: keyof StoredConstraint, place: string, tensor: StoredTensor) => {
    tensors[place] = tensor;
    description[part] = place;
  };
  for (const { name: place, parameter } of holders(at)) {
    put(parameter === knobs ? "knobs" : "frozen", place, stored(parameter));
  }
  if (numbering.index.some((k, entry) => k !== entry)) {
    put("index", `${name}.index`, { shape, dtype: "int32", data: numbering.index });
  }
  const ofKnobs = (bounds: number[]): StoredTensor => {
    const data = dtype === "float32" ? Float32Array.from(bounds) : Float64Array.from(bounds);
    return { shape: [bounds.length], dtype, data };
  };
  const [lower, upper] = (["lower", "upper"] as const).map((end) => numbering.free.map((g) => groups[g][end]));
  if ([...lower, ...upper].some(Number.isFinite)) {
    put("lower", `${name}.lower`, ofKnobs(lower));
    put("upper", `${name}.upper`, ofKnobs(upper));
  }
  return { description: description as unknown as StoredConstraint, tensors };
}

/** A stored weight: the constraint that its file says, and the numbers. */
interface Found {
  readonly knobs: TypedArray | undefined;
  readonly frozen: TypedArray | undefined;
}

/**
 * The numbers of a stored weight for a model's constrained one.
 *
 * @returns the numbers, or in words what does not fit
 */
export function readConstrained(
  description: StoredConstraint,
  tensors: Readonly<Tensors>,
  { constraint }: Constrained,
): Found | string {
  const { shape, dtype } = description;
  const part = (key: (typeof storedParts)[number]): StoredTensor | undefined | string => {
    const name = description[key];
    if (name === undefined) return undefined;
    const wanted = key === "index" ? "int32" : dtype;
    const found = typeof name === "string" && Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    return found?.dtype === wanted ? found : `its ${key} ${JSON.stringify(name)} are no ${wanted} tensor of the file`;
  };
  const [knobs, frozen, index, lower, upper] = storedParts.map(part);
  for (const x of [knobs, frozen, index, lower, upper]) if (typeof x === "string") return x;
  const data = (x: typeof knobs) => (x as StoredTensor | undefined)?.data;
  const free = data(knobs)?.length ?? 0;
  const count = free + (data(frozen)?.length ?? 0);
  if (!Array.isArray(shape) || !sameShape(shape, constraint.shape) || dtype !== constraint.dtype) {
    return `it is ${dtype} ${formatShape(shape ?? [])}, not ${constraint.dtype} ${formatShape(constraint.shape)}`;
  }
  const places = data(index) ?? Int32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  const ends = [data(lower), data(upper)];
  const whole = places.length === sizeOf(shape) && places.every((k) => k >= 0 && k < count);
  if (!whole || ends.some((x) => x && x.length !== free)) return "its index, knobs and bounds do not fit together";
  // Where the model did not state a value, the file's is as good.
  const model: Group[] = constraint.groups.map((group) => asStored(group));
  const file = groupsOf(places, (k, entry) => {
    if (k < free) return { lower: ends[0]?.[k] ?? -Infinity, upper: ends[1]?.[k] ?? Infinity };
    const value = data(frozen)?.[k - free] as number;
    const from = constraint.groups[constraint.groupOf[entry]].frozen?.from ?? "given";
    return { ...open, frozen: { value, from } };
  });
  const odd = difference({ ...constraint, ...file }, { ...constraint, groups: model });
  if (odd) return odd;
  const strayed = places.findIndex((k, entry) => {
    const { lower, upper } = constraint.groups[constraint.groupOf[entry]];
    return (
      k >= free && !((data(frozen)?.[k - free] as number) >= lower && (data(frozen)?.[k - free] as number) <= upper)
    );
  });
  if (strayed >= 0) return `entry ${entryName(shape, strayed)} is frozen outside its bounds`;
  return { knobs: data(knobs), frozen: data(frozen) };
}

const open = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** Bounds of what is frozen are not stored. */
const asStored = (group: Group): Group => (group.frozen ? { ...open, frozen: group.frozen } : group);

/** Groups in the order of first entries, from places in any order. */
function groupsOf(places: ArrayLike<number>, group: (place: number, entry: number) => Group) {
  const numbers = new Map<number, number>();
  const groups: Group[] = [];
  const groupOf = Int32Array.from(places, (k, entry) => {
    let number = numbers.get(k);
    if (number === undefined) {
      number = groups.push(group(k, entry)) - 1;
      numbers.set(k, number);
    }
    return number;
  });
  return { groupOf, groups } satisfies Pick<Constraint, "groupOf" | "groups">;
}
