import { PondusError } from "../../graph/errors.ts";
import { decodeSafetensors, encodeSafetensors, type TensorFile } from "../../io/safetensors.ts";
import { type Read, type Source, withBytes } from "../../io/source.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** A checkpoint as the bytes of a safetensors file: its tensors, and the rest as JSON among the metadata. */
export function encodeCheckpoint({ tensors, ...rest }: Checkpoint): Uint8Array<ArrayBuffer> {
  return encodeSafetensors({ tensors, metadata: { checkpoint: JSON.stringify(rest) } });
}

/**
 * Reads a checkpoint back, for `fit({ ..., resume })`.
 *
 * @param source  a path or bytes, whose checkpoint is returned at once; of a `Blob`, a `Response` or `fetch(url)` a promise is
 * @throws `train.checkpoint` when the file holds no checkpoint, and what `readSafetensors` throws
 */
export function decodeCheckpoint<S extends Source>(source: S): Read<S, Checkpoint> {
  return withBytes(source, (bytes, name) => checkpointIn(decodeSafetensors(bytes, name), name));
}

function checkpointIn({ tensors, metadata }: TensorFile, name: string): Checkpoint {
  const rest = parsed(metadata.checkpoint);
  if (!isState(rest)) {
    throw new PondusError(
      "train.checkpoint",
      `${name} holds no checkpoint of a training; give what \`encodeCheckpoint\` wrote, or load weights by nn.loadWeights.`,
    );
  }
  // JSON has no NaN, which the loss is before the first step.
  return { ...rest, loss: rest.loss ?? Number.NaN, tensors };
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch {
    return undefined;
  }
}

type State = Omit<Checkpoint, "tensors" | "loss"> & { readonly loss: number | null };

const isNumber = (x: unknown): x is number => typeof x === "number";
const isCount = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 0;
const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

function isState(x: unknown): x is State {
  if (!isRecord(x)) return false;
  const { step, loss, firstLoss, history, best, ended } = x;
  return (
    isCount(step) &&
    (isNumber(loss) || loss === null) &&
    (isNumber(firstLoss) || firstLoss === undefined) &&
    Array.isArray(history) &&
    history.every((record) => isRecord(record) && isCount(record.step) && isNumber(record.loss)) &&
    (best === undefined || (isRecord(best) && isCount(best.step) && isNumber(best.validation))) &&
    (ended === undefined || ended === "converged" || ended === "stalled")
  );
}
