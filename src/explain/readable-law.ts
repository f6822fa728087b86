import { PondusError } from "../graph/errors.ts";
import type { RateSamples } from "./explainable.ts";
import { knee, type SparseFit, sparsePath } from "./sparse-regression.ts";

export interface LawTerm {
  /** The state whose rate it is a part of, by its name. */
  readonly state: string;
  /** In symbols: "N", "N^2", "x y". */
  readonly term: string;
  readonly coefficient: number;
}

/** One line of the law: the rate of one state. */
export interface LawEquation {
  readonly state: string;
  readonly symbol: string;
  readonly terms: readonly LawTerm[];
  /** Root mean square of the difference to the learned rate, in units of that rate. */
  readonly error: number;
  /** What each number of terms costs, most terms first. */
  readonly path: readonly { readonly terms: readonly LawTerm[]; readonly error: number; readonly threshold: number }[];
  /** "dN/dt = 0.548 N - 0.000826 N^2" */
  readonly text: string;
}

export interface ReadableLaw {
  /** The law that these terms are known as: "logistic", "Lotka-Volterra". */
  readonly name?: string;
  readonly time: string;
  /** Which state a symbol stands for. */
  readonly symbols: Readonly<Record<string, string>>;
  readonly library: readonly string[];
  readonly samples: number;
  readonly equations: readonly LawEquation[];
  /** The terms of all equations. */
  readonly terms: readonly LawTerm[];
  /** Of a single state with N and N^2: r is the coefficient of N, K = -r / that of N^2. */
  readonly r?: number;
  readonly K?: number;
  readonly reference?: Readonly<Record<string, number>>;
  /** How far a constant is from that of the reference, as a share of it. */
  readonly difference?: Readonly<Record<string, number>>;
}

export interface LawOptions {
  /** The highest power (default 3 for one state, 2 for several). */
  readonly degree?: number;
  /** Keep so many terms in each equation, rather than those at the knee. */
  readonly terms?: number;
}

/**
 * Reads a law off samples of a learned rate: products of powers of the states that add up to it, as few as do (SINDy:
 * Brunton, Proctor & Kutz, PNAS 113, 3932, 2016).
 *
 * Every sample counts alike, by the error of its rate. Samples that lie evenly in time along the path then weigh the law as
 * the path does, which is what the network was trained on; by relative errors the smallest states, which the data
 * determine least, would decide.
 *
 * @throws `explain.rates` unless there is a rate for each state, all of one length and finite
 */
export function readableLaw({ time, states, rates, reference }: RateSamples, options: LawOptions = {}): ReadableLaw {
  const samples = check(states, rates);
  const symbols =
    states.length === 1 ? ["N"] : states.length <= 3 ? ["x", "y", "z"] : states.map((_, i) => `x${i + 1}`);
  const used = symbols.slice(0, states.length);
  const library = monomials(used, options.degree ?? (states.length === 1 ? 3 : 2));
  const columns = library.map(({ powers }) =>
    Float64Array.from({ length: samples }, (_, i) =>
      powers.reduce((p, power, s) => p * states[s].values[i] ** power, 1),
    ),
  );
  const equations = states.map(({ name }, s): LawEquation => {
    const path = sparsePath(columns, rates[s]);
    const termsOf = ({ columns: list, coefficients }: SparseFit) =>
      list.map((j, i): LawTerm => ({ state: name, term: library[j].text, coefficient: coefficients[i] }));
    const wanted =
      options.terms === undefined
        ? knee(path)
        : path.findIndex((fit) => fit.columns.length <= (options.terms as number));
    const chosen = path[Math.max(wanted, 0)];
    const terms = chosen ? termsOf(chosen) : [];
    return {
      state: name,
      symbol: used[s],
      terms,
      error: chosen?.error ?? 0,
      path: path.map((fit) => ({ terms: termsOf(fit), error: fit.error, threshold: fit.threshold })),
      text: `d${used[s]}/dt = ${written(terms)}`,
    };
  });
  const constants = logisticConstants(equations);
  return {
    name: constants ? "logistic" : isLotkaVolterra(equations) ? "Lotka-Volterra" : undefined,
    time,
    symbols: Object.fromEntries(used.map((symbol, s) => [symbol, states[s].name])),
    library: library.map(({ text }) => text),
    samples,
    equations,
    terms: equations.flatMap(({ terms }) => terms),
    ...constants,
    ...(reference && { reference, difference: differences(constants ?? {}, reference) }),
  };
}

function check(states: RateSamples["states"], rates: RateSamples["rates"]): number {
  const samples = states[0]?.values.length ?? 0;
  const lists = [...states.map(({ values }) => values), ...rates];
  const isWhole = rates.length === states.length && lists.every((list) => list.length === samples);
  if (samples > 1 && isWhole && lists.every((list) => list.every(Number.isFinite))) return samples;
  throw new PondusError(
    "explain.rates",
    `explain: a law is read off two or more samples of every state and of its rate, all finite numbers, but ${states.length} ` +
      `states of ${states.map(({ values }) => values.length).join(", ")} values and ${rates.length} rates of ` +
      `${rates.map((rate) => rate.length).join(", ")} came.`,
  );
}

/** All products of powers up to a degree, lower degrees first: 1, x, y, x^2, x y, y^2. */
function monomials(symbols: readonly string[], degree: number): { text: string; powers: number[] }[] {
  const ofDegree = (d: number, from: number): number[][] => {
    if (from === symbols.length - 1) return [[d]];
    return Array.from({ length: d + 1 }, (_, i) => d - i).flatMap((first) =>
      ofDegree(d - first, from + 1).map((rest) => [first, ...rest]),
    );
  };
  const text = (powers: number[]) =>
    powers.flatMap((p, i) => (p === 0 ? [] : [p === 1 ? symbols[i] : `${symbols[i]}^${p}`])).join(" ") || "1";
  return Array.from({ length: degree + 1 }, (_, d) => ofDegree(d, 0))
    .flat()
    .map((powers) => ({ powers, text: text(powers) }));
}

function written(terms: readonly LawTerm[]): string {
  if (terms.length === 0) return "0";
  return terms
    .map(({ term, coefficient }, i) => {
      const size = `${Number(Math.abs(coefficient).toPrecision(4))}${term === "1" ? "" : ` ${term}`}`;
      if (i === 0) return coefficient < 0 ? `-${size}` : size;
      return coefficient < 0 ? `- ${size}` : `+ ${size}`;
    })
    .join(" ");
}

function logisticConstants(equations: readonly LawEquation[]): { r: number; K: number } | undefined {
  if (equations.length !== 1) return undefined;
  const [{ terms }] = equations;
  if (terms.map(({ term }) => term).join(", ") !== "N, N^2") return undefined;
  const [r, square] = terms.map(({ coefficient }) => coefficient);
  return { r, K: -r / square };
}

function isLotkaVolterra(equations: readonly LawEquation[]): boolean {
  const [x, y] = equations.map(({ terms }) => terms.map(({ term }) => term).join(", "));
  if (equations.length !== 2 || x !== "x, x y" || y !== "y, x y") return false;
  const [[a, b], [c, d]] = equations.map(({ terms }) => terms.map(({ coefficient }) => Math.sign(coefficient)));
  // One lives on the other.
  return a === -b && c === -d && a === -c;
}

function differences(found: Readonly<Record<string, number>>, reference: Readonly<Record<string, number>>) {
  const shared = Object.keys(reference).filter((name) => Object.hasOwn(found, name));
  return Object.fromEntries(shared.map((name) => [name, found[name] / reference[name] - 1]));
}
