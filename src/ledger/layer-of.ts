import type { Origin } from "../graph/node.ts";

/**
 * The layer that made an expression, by its place in the model ("2", "0.1"), and how it was written: `sequential` labels
 * what its layers make with their numbers. Empty where no layer made it; a derivative belongs to the layer that it is of.
 */
export function layerOf(origin: Origin | undefined): { layer: string; name: string } {
  const parts = (origin?.label ?? "").replace(/^gradient of /, "").split(" > ");
  const end = parts.findIndex((part) => !/^\d+$/.test(part));
  const places = end < 0 ? parts : parts.slice(0, end);
  return { layer: places.join("."), name: parts.slice(places.length).join(" > ") };
}
