import type { Parameter } from "../../graph/parameter.ts";
import { type Model, type Occurrence, occurrences } from "../model.ts";

/** Every weight at all the places where it stands, under different names; each list begins with the first. */
export function placesOf(model: Model): [Occurrence, ...Occurrence[]][] {
  const places = new Map<Parameter, [Occurrence, ...Occurrence[]]>();
  for (const at of occurrences(model)) {
    const earlier = places.get(at.weight);
    if (!earlier) places.set(at.weight, [at]);
    else if (!earlier.some(({ name }) => name === at.name)) earlier.push(at);
  }
  return [...places.values()];
}

/** What the blocks of weights are for, by name, where shapes do not say. */
export function blocksOf(places: readonly (readonly Occurrence[])[]): Record<string, string> {
  return Object.fromEntries(places.flatMap(([{ name, blocks }]) => (blocks === undefined ? [] : [[name, blocks]])));
}
