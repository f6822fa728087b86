/** What a page may show. */
export type Drawing = Plot | MatrixPlot;

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
  /** A band lies between `y` and `y2`; so does an interval at each `x` by itself, such as an error bar. */
  readonly kind: "line" | "dots" | "band" | "interval";
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly y2?: ArrayLike<number>;
}

/** Small matrices side by side, such as learned kernels, their entries as shades of grey. */
export interface MatrixPlot {
  readonly title: string;
  readonly matrices: readonly Matrix[];
}

export interface Matrix {
  readonly name: string;
  readonly columns: number;
  /** Row by row, from the top. */
  readonly values: ArrayLike<number>;
}

export const isMatrixPlot = (drawing: Drawing): drawing is MatrixPlot => "matrices" in drawing;

/**
 * How bright each entry is drawn, from 0 for black to 1 for white: 0 is in the middle, and the entry that is farthest from
 * it at an end. What is not finite has no shade.
 */
export function shadesOf({ values }: Matrix): (number | undefined)[] {
  const finite = Array.from(values).filter(Number.isFinite);
  const most = finite.reduce((top, v) => Math.max(top, Math.abs(v)), 0) || 1;
  return Array.from(values, (v) => (Number.isFinite(v) ? (1 + v / most) / 2 : undefined));
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
