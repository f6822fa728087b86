import { PondusError } from "../../graph/errors.ts";
import type { TensorFile } from "../../io/safetensors.ts";
import type { StoredConstraint } from "../constraints/constraint-file.ts";

/**
 * How a file's constrained weights are made up, by their names.
 *
 * @param name  what errors call the file
 * @throws `weights.constraint` when its metadata hold something else
 */
export function constraintsOf({ metadata }: TensorFile, name: string): Record<string, StoredConstraint> {
  if (metadata.constraints === undefined) return {};
  const found = recordOf<StoredConstraint>(metadata.constraints);
  if (found && Object.values(found).every(isRecord)) return found;
  throw new PondusError("weights.constraint", `${name}: its metadata "constraints" do not map weights to their parts.`);
}

/** The object that a metadata entry holds as JSON; undefined where it holds something else. */
export function recordOf<T>(json: string): Record<string, T> | undefined {
  try {
    const found: unknown = JSON.parse(json);
    return isRecord(found) ? (found as Record<string, T>) : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);
