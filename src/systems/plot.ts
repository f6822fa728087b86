/** A plot as data: the terminal and the report draw the same one. */
export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  /** With its unit: "time (hours)". */
  readonly label: string;
  readonly scale?: "linear" | "log";
}

export interface Series {
  readonly name: string;
  /** A band lies between `y` and `y2`. */
  readonly kind: "line" | "dots" | "band";
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly y2?: ArrayLike<number>;
}

/** Evenly spaced numbers, both ends included: the x of a smooth line. */
export function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}
