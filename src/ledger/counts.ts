import type { Parameter } from "../graph/parameter.ts";
import type { Shape } from "../graph/shape.ts";
import { isLayer } from "../nn/layer.ts";
import { holders, type Model, type Occurrence, parametersOf, weightsUnder } from "../nn/model.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a network consists of, knob by knob. */
export interface Counts {
  readonly parameters: {
    /** Every knob once, however often it is used. */
    readonly total: number;
    readonly trainable: number;
    readonly frozen: number;
  };
  readonly layers: readonly WeighedLayer[];
}

export interface WeighedLayer {
  /** Its place in the model: "0", "encoder.2". */
  readonly path: string;
  /** How it was written: "dense(100, 128)". */
  readonly name: string;
  /** Knobs counted here: those that no earlier layer has. */
  readonly parameters: number;
  /** The count as it comes about: "100 x 128 + 128"; of a constrained weight, "(227 for 100 x 128) + 128". */
  readonly formula: string;
  readonly tensors: readonly WeighedTensor[];
}

export interface WeighedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  readonly dtype: string;
  readonly trainable: boolean;
  /** The place that this knob was counted at, when it is a tied one. */
  readonly sharedWith?: string;
  /** The constrained weight whose knobs these are, or what is frozen of it. */
  readonly weight?: {
    readonly name: string;
    readonly shape: Shape;
    /** "12,800 entries, 227 knobs", with what is frozen and bounded. */
    readonly constraint: string;
  };
}

/**
 * Counts a model's knobs, per layer and in total. A tied knob is counted where it first appears; later places name that one.
 *
 * @param model  a layer, a tensor made of parameters, or a list or record of such
 * @throws `model.type` when it is something else
 */
export function count(model: Model): Counts {
  parametersOf(model);
  const counted = new Map<Parameter, string>();
  const layers = placesOf(model).map(({ path, name, knobs }): WeighedLayer => {
    const tensors = knobs.flatMap((at) =>
      holders(at).map(({ name, parameter }): WeighedTensor => {
        const { shape, size, dtype, trainable } = parameter;
        const sharedWith = counted.get(parameter);
        if (sharedWith === undefined) counted.set(parameter, name);
        const shared = sharedWith === undefined ? {} : { sharedWith };
        return { name, shape, size, dtype, trainable, ...shared, ...constraintAt(at) };
      }),
    );
    const own = tensors.filter((t) => t.sharedWith === undefined);
    return { path, name, parameters: sum(own), formula: formulaOf(own) || "0, all shared", tensors };
  });
  const all = layers.flatMap((l) => l.tensors.filter((t) => t.sharedWith === undefined));
  const trainable = sum(all.filter((t) => t.trainable));
  return { parameters: { total: sum(all), trainable, frozen: sum(all) - trainable }, layers };
}

const sum = (tensors: readonly WeighedTensor[]) => tensors.reduce((n, t) => n + t.size, 0);

const product = (shape: Shape) => (shape.length === 0 ? "1" : shape.join(" x "));

/** The parts of one constrained weight stand in brackets: "(3 + 1 frozen for 2 x 2) + 2". */
function formulaOf(tensors: readonly WeighedTensor[]): string {
  const terms = tensors.map((t, i) => {
    if (!t.weight) return product(t.shape);
    const { name, shape } = t.weight;
    const opens = tensors[i - 1]?.weight?.name === name ? "" : "(";
    const closes = tensors[i + 1]?.weight?.name === name ? "" : ` for ${product(shape)})`;
    return `${opens}${t.size}${t.trainable ? "" : " frozen"}${closes}`;
  });
  return terms.join(" + ");
}

function constraintAt({ name, weight }: Occurrence): Pick<WeighedTensor, "weight"> {
  if (!weight.constrained) return {};
  const { constraint, knobs, frozen } = weight.constrained;
  const bounded = constraint.groups.filter(
    (g) => !g.frozen && (Number.isFinite(g.lower) || Number.isFinite(g.upper)),
  ).length;
  const says = (n: number, what: string) => (n > 0 ? [`${n.toLocaleString("en-US")} ${what}`] : []);
  const parts = [
    ...says(weight.size, "entries"),
    ...says(knobs?.size ?? 0, knobs?.size === 1 ? "knob" : "knobs"),
    ...says(frozen?.size ?? 0, "frozen"),
    ...says(bounded, "bounded"),
  ];
  return { weight: { name, shape: weight.shape, constraint: parts.join(", ") } };
}

interface Place {
  path: string;
  name: string;
  knobs: Occurrence[];
}

/** The parts that hold knobs of their own, in order. Loose tensors of one record stand together. */
function placesOf(model: Model): Place[] {
  const places: Place[] = [];
  const below = (path: string, name: string) => (path ? `${path}.${name}` : name);
  const visit = (part: Model, path: string) => {
    if (part instanceof Tensor) return tensorsAt(path, path || "tensor", { "": part });
    if (isLayer(part)) {
      tensorsAt(path, part.name, part.parameters);
      for (const [name, child] of Object.entries(part.children)) visit(child, below(path, name));
      return;
    }
    const entries = Object.entries(part as Record<string, Model>);
    const loose = entries.filter((e): e is [string, Tensor] => e[1] instanceof Tensor);
    tensorsAt(path, loose.map(([name]) => name).join(", "), Object.fromEntries(loose));
    for (const [name, child] of entries) if (!(child instanceof Tensor)) visit(child, below(path, name));
  };
  const tensorsAt = (path: string, name: string, tensors: Readonly<Record<string, Tensor>>) => {
    const knobs = Object.entries(tensors).flatMap(([role, x]) => {
      const own = [path, role].filter((s) => s !== "").join(".");
      return weightsUnder(x, own);
    });
    if (knobs.length > 0) places.push({ path, name, knobs });
  };
  visit(model, "");
  return places;
}
