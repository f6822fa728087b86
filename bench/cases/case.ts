import type { Goal } from "../goals.ts";

export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}
export type Data = Readonly<Record<string, HostTensor>>;
export type Sizes = Readonly<Record<string, number | string>>;

/** What one iteration must do at least, and the ceiling that bounds it. */
export interface Work {
  readonly amount: number;
  readonly unit: "flop" | "byte" | "element";
  readonly ceiling: "fma-f32" | "memory" | "clock";
}

export interface Variant {
  readonly name: string;
  readonly sizes: Sizes;
  readonly work?: Work;
  readonly goals: readonly Goal[];
}

/** One kind of work, which every participant does alike. */
export interface Case {
  readonly name: string;
  readonly title: string;
  /** What participants are asked for, where that is not the case's own name. */
  readonly program?: string;
  readonly variants: readonly Variant[];
  /** Who takes part (default: whoever knows it). */
  readonly participants?: readonly string[];
  /** `first`: a fresh process each time, and what counts is the time from the function to its first result. */
  readonly timed?: "iteration" | "first result";
  data(sizes: Sizes): Data;
  /** How far each number of a participant's check may be from the reference's (default: 1e-4 of the largest). */
  tolerances?(reference: readonly number[], sizes: Sizes, participant?: string): number[];
}

/** The number under `name`. */
export function size(sizes: Sizes, name: string): number {
  return Number(sizes[name]);
}
