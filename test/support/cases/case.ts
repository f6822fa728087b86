import type { DType, Outputs, Shape, Tensor } from "pondus";
import { Stream } from "../../../src/graph/random/stream.ts";
import { sizeOf } from "../../../src/graph/shape.ts";

/** An input with its numbers. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: readonly number[];
}

export type Inputs = { readonly [name: string]: Value };

/** A function of tensors and what to run it on. It makes its own parameters, so that every backend starts afresh. */
export interface Case {
  readonly name: string;
  readonly inputs: Inputs;
  readonly f: (inputs: { readonly [name: string]: Tensor }) => Outputs;
  /** How often the program runs, parameters keeping their values; 1 when not given. */
  readonly runs?: number;
  /** What some outputs must be after the last run, from the definition of the op rather than from the reference. */
  readonly expected?: { readonly [output: string]: readonly number[] };
}

export const floats: readonly DType[] = ["float32", "float64"];
export const numbers: readonly DType[] = ["float32", "float64", "int32"];
export const everyType: readonly DType[] = ["float32", "float64", "int32", "bool"];

let drawn = 0;

/** Numbers drawn evenly from [low, high] (whole numbers in [-9, 9] for int32, 0 or 1 for bool), the same in every run. */
export function sample(shape: Shape, dtype: DType = "float64", low = -2, high = 2): Value {
  const stream = new Stream(2024, "initialize", drawn++);
  const draw = () => {
    if (dtype === "bool") return stream.below(2);
    return dtype === "int32" ? stream.below(19) - 9 : low + (high - low) * stream.uniform();
  };
  return { shape, dtype, values: Array.from({ length: sizeOf(shape) }, draw) };
}

/** The given numbers, one axis. */
export function list(values: readonly number[], dtype: DType = "float64"): Value {
  return { shape: [values.length], dtype, values };
}

export function scalar(value: number, dtype: DType = "float64"): Value {
  return { shape: [], dtype, values: [value] };
}

/** Outputs named after what they were made from. */
export function outputs(entries: readonly (readonly [string, Tensor])[]): { [name: string]: Tensor } {
  return Object.fromEntries(entries);
}
