import type { Layer } from "../nn/layer.ts";
import { occurrences } from "../nn/model.ts";
import { weightOf } from "../tensor/parameter.ts";

/** A layer of a network that is written as a sequence, and its place: "0", "2.1". */
export interface Place {
  readonly path: string;
  readonly layer: Layer;
}

/** Units between two dense layers, with nothing but functions of one number between them. */
export interface HiddenLayer {
  /** The place of the dense layer that makes the units, and of the one that reads them. */
  readonly path: string;
  readonly into: string;
  readonly units: number;
  /** What bends them: "tanh"; "nothing" where the layers follow each other. */
  readonly activation: string;
  /** Whether the activation of -x is minus that of x. */
  readonly odd: boolean;
  /** Where both stand among the places. */
  readonly from: number;
  readonly to: number;
}

/** A layer whose units have no symmetry here that could be applied, and why. */
export interface ExcludedLayer {
  readonly path: string;
  readonly name: string;
  readonly why: string;
}

/** Functions of one number, which do the same to every unit; of use, dropout does nothing. */
const elementwise: ReadonlySet<string> = new Set([
  "tanh",
  "sigmoid",
  "relu",
  "leakyRelu",
  "elu",
  "softplus",
  "silu",
  "gelu",
  "geluTanh",
  "dropout",
]);

const odd: ReadonlySet<string> = new Set(["tanh", "dropout"]);

/** A network as layers one after another: a `sequential` taken apart, also inside another; anything else is one place. */
export function placesOf(network: Layer, path = ""): Place[] {
  if (network.kind !== "sequential") return [{ path, layer: network }];
  return Object.entries(network.children).flatMap(([name, child]) => placesOf(child, path ? `${path}.${name}` : name));
}

export const isElementwise = ({ layer }: Place) => elementwise.has(layer.kind);
export const hasKnobs = ({ layer }: Place) => occurrences(layer).length > 0;

/** Finds the hidden layers whose units may change places, and says of the others why they may not. */
export function hiddenLayers(network: Layer): { hidden: HiddenLayer[]; excluded: ExcludedLayer[] } {
  const places = placesOf(network);
  const uses = new Map<unknown, number>();
  for (const { weight } of occurrences(network)) uses.set(weight, (uses.get(weight) ?? 0) + 1);
  const hidden: HiddenLayer[] = [];
  const excluded: ExcludedLayer[] = [];
  const last = places.findLastIndex(hasKnobs);
  places.forEach((place, from) => {
    const { path, layer } = place;
    if (!hasKnobs(place) || (from === last && layer.kind === "dense")) return;
    const exclude = (why: string) => void excluded.push({ path, name: layer.name, why });
    if (layer.kind !== "dense") {
      for (const part of inside(place))
        excluded.push({ path: part.path, name: part.layer.name, why: structureOf(part.layer) });
      return;
    }
    const next = places.findIndex((p, i) => i > from && !isElementwise(p));
    const reader = places[next];
    if (reader?.layer.kind !== "dense")
      return exclude(`its units go into ${reader?.layer.name}, which may tell them apart`);
    const held = [layer.parameters.weight, layer.parameters.bias, reader.layer.parameters.weight].flatMap(
      (x) => x ?? [],
    );
    for (const x of held) {
      const weight = weightOf(x);
      if (!weight) return exclude("a weight is computed from other parameters, which may tell units apart");
      if (weight.constrained)
        return exclude(`${weight.name} is constrained: a tie, bound or frozen entry tells units apart`);
      if ((uses.get(weight) ?? 0) > 1)
        return exclude(`${weight.name} stands in several places, which all would have to change`);
      if (weight.shape.length > 2) return exclude("it holds the weights of several networks at once");
    }
    const between = places.slice(from + 1, next).map((p) => p.layer.kind);
    hidden.push({
      path,
      into: reader.path,
      units: layer.parameters.weight.shape[1],
      activation: between.filter((kind) => kind !== "dropout").join(", ") || "nothing",
      odd: between.every((kind) => odd.has(kind)),
      from,
      to: next,
    });
  });
  return { hidden, excluded };
}

/** A layer of an unknown kind as those that it is made of, as far as they have knobs; one of a known kind as it is. */
function inside(place: Place): Place[] {
  const parts = Object.entries(place.layer.children)
    .map(([name, layer]): Place => ({ path: place.path ? `${place.path}.${name}` : name, layer }))
    .filter(hasKnobs);
  return known.test(place.layer.kind) || parts.length === 0 ? [place] : [place, ...parts.flatMap(inside)];
}

const channels = /^(conv|local)/;
const recurrent = /^(lstm|gru|rnn)/i;
const known = /^(conv|local|lstm|gru|rnn|embedding|dense)|Norm$/i;

/** What can be said of a layer of another kind; its own symmetries are not applied. */
function structureOf(layer: Layer): string {
  const { kind } = layer;
  if (channels.test(kind)) {
    return "its channels may change places only together with all that reads them; not applied, not counted";
  }
  if (recurrent.test(kind)) {
    return "its units may change places in all gates and in what they read of the step before at once; not applied, not counted";
  }
  if (/Norm$/.test(kind)) return "it has knobs of its own for every unit; its neighbours are not looked at either";
  if (kind === "dense") return "what its units go into is not known here";
  if (kind === "embedding")
    return "its rows belong to symbols; columns may change places with what reads them; not counted";
  return `what ${layer.name} does inside is not known here, and none of its symmetries is counted; nn.sequential could be taken apart`;
}
