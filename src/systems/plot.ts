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
  /** Series of one group share a colour: measurements and the curve through them. */
  readonly group?: string;
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

/** For each series the place of its colour in a palette: by group, in the order in which the groups come. */
export function colorPlaces(series: readonly Series[]): number[] {
  const groups = [...new Set(series.map((s, i) => s.group ?? i))];
  return series.map((s, i) => groups.indexOf(s.group ?? i));
}
