import { PondusError } from "../../graph/errors.ts";
import type { StoredTensor, TensorFile } from "../../io/safetensors.ts";
import { type StoredConstraint, storedParts } from "../constraints/constraint-file.ts";
import { constraintsOf, recordOf } from "./metadata.ts";

/**
 * The part of a file whose names begin with a prefix, without it: of "encoder.0.weight" under "encoder." it is "0.weight".
 * A weight of the part that the file holds under a name outside it, since it is tied to what stands there, comes along.
 *
 * @param name  what errors call the file
 * @throws `weights.prefix` when the prefix is no text or nothing begins with it, and what `constraintsOf` throws
 */
export function partOf(file: TensorFile, prefix: string, name: string): TensorFile {
  if (typeof prefix !== "string") {
    throw new PondusError("weights.prefix", `prefix: expected a text such as "encoder.", but a ${typeof prefix} came.`);
  }
  const { aliases, constraints, blocks, ...metadata } = file.metadata;
  const constrained = constraintsOf(file, name);
  const tensors: Record<string, StoredTensor> = {};
  const descriptions: Record<string, StoredConstraint> = {};
  for (const [from, to] of placesIn(file, constrained, prefix)) {
    if (!Object.hasOwn(constrained, from)) {
      if (Object.hasOwn(file.tensors, from)) put(tensors, to, file.tensors[from]);
      continue;
    }
    const description: Record<string, unknown> = { ...constrained[from] };
    for (const part of storedParts) {
      const stored = constrained[from][part];
      if (typeof stored !== "string" || !Object.hasOwn(file.tensors, stored)) continue;
      const renamed = stored.startsWith(from) ? to + stored.slice(from.length) : stored;
      put(tensors, renamed, file.tensors[stored]);
      description[part] = renamed;
    }
    put(descriptions, to, description as unknown as StoredConstraint);
  }
  checkFound(Object.keys(tensors), file, prefix, name);
  const below = Object.entries(recordOf<string>(blocks ?? "{}") ?? {}).filter(([place]) => place.startsWith(prefix));
  return {
    tensors,
    metadata: {
      ...metadata,
      ...(constraints !== undefined && { constraints: JSON.stringify(descriptions) }),
      blocks: JSON.stringify(Object.fromEntries(below.map(([place, x]) => [place.slice(prefix.length), x]))),
    },
  };
}

/** Which weights belong to the part: what the file calls them, and what the part does. */
function placesIn(
  { tensors, metadata }: TensorFile,
  constrained: Readonly<Record<string, StoredConstraint>>,
  prefix: string,
): Map<string, string> {
  const parts = new Set(Object.values(constrained).flatMap((description) => storedParts.map((p) => description[p])));
  const held = [...Object.keys(tensors).filter((place) => !parts.has(place)), ...Object.keys(constrained)];
  const inside = held.filter((place) => place.startsWith(prefix));
  const places = new Map(inside.map((place) => [place, place.slice(prefix.length)]));
  for (const [place, first] of Object.entries(recordOf<string>(metadata.aliases ?? "{}") ?? {})) {
    if (place.startsWith(prefix) && !places.has(first)) places.set(first, place.slice(prefix.length));
  }
  return places;
}

function checkFound(found: readonly string[], { tensors }: TensorFile, prefix: string, name: string): void {
  if (prefix === "") return;
  if (found.length === 0) {
    throw new PondusError(
      "weights.prefix",
      `${name} holds nothing whose name begins with ${JSON.stringify(prefix)}; it holds ${listed(Object.keys(tensors))}.`,
    );
  }
  if (!found.every((place) => place.startsWith("."))) return;
  throw new PondusError(
    "weights.prefix",
    `${name}: without ${JSON.stringify(prefix)} its names would begin with a dot, as in "${found[0]}"; say ` +
      `{ prefix: ${JSON.stringify(`${prefix}.`)} }.`,
  );
}

/** Names for a message, the first of many. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  return shown.length === 0 ? "nothing" : shown.join(", ");
}

/** Sets a name that a file chose, `__proto__` among them. */
function put<T>(record: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}
