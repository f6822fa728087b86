import type { Verdict } from "./goals.ts";

/** What became of one participant in one variant. */
export interface Cell {
  /** Median of the slices, of one iteration. */
  readonly seconds?: number;
  readonly samples?: readonly number[];
  /** Threads that it uses. */
  readonly threads?: number;
  readonly note?: string;
  /** Why there is no figure. */
  readonly problem?: string;
}

export interface VariantResult {
  readonly case: string;
  readonly variant: string;
  readonly cells: Readonly<Record<string, Cell>>;
  readonly verdicts: readonly Verdict[];
}

/** Somebody who takes part, or would if it were there. */
export interface Presence {
  readonly name: string;
  readonly version?: string;
  readonly threads?: number;
  readonly missing?: string;
}

export interface MachineDescription {
  readonly processor: string;
  readonly cores: number;
  readonly features: readonly string[];
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly compiler: string;
  /** The highest of the run, in thousand millions a second, by name. */
  readonly ceilings: Readonly<Record<string, number>>;
}

export interface BenchResult {
  readonly date: string;
  readonly seconds: number;
  readonly machine: MachineDescription;
  readonly participants: readonly Presence[];
  readonly results: readonly VariantResult[];
}
