import { readSafetensors } from "pondus/io";

/** A case's numbers, by name. */
export function readTensors(file: string): Record<string, { shape: readonly number[]; data: Float32Array }> {
  const { tensors } = readSafetensors(file);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }]),
  );
}
