import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { Stream } from "../graph/random/stream.ts";
import { dense } from "../nn/dense.ts";
import { type Layer, layer } from "../nn/layer.ts";
import { compile } from "../runtime/compile.ts";
import { weightOf } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ExcludedLayer, type HiddenLayer, hiddenLayers, type Place, placesOf } from "./hidden-layers.ts";

/** How units of one hidden layer change places and signs: unit k of the copy is unit `from[k]`, times `sign[k]`. */
export interface UnitMove {
  readonly from: readonly number[];
  readonly sign: readonly number[];
}

export interface EquivalentOptions {
  readonly seed?: number;
  /** Units change places (default: yes). */
  readonly permute?: boolean;
  /** Units whose activation is odd change signs (default: yes). */
  readonly flip?: boolean;
  /** In place of chance: the move of each hidden layer, in the order of `hiddenLayers`. */
  readonly moves?: readonly UnitMove[];
}

/**
 * A network with other weights that is the same function: hidden units change places, and those with an odd activation change
 * signs, each with its incoming weights, its bias and its outgoing weights (Hecht-Nielsen 1990; Chen, Lu & Hecht-Nielsen,
 * Neural Computation 5, 910, 1993). The copy has parameters of its own where a dense layer was changed and shares the others;
 * the original keeps its values.
 *
 * @param network  `nn.sequential` of layers; where no hidden layer has a symmetry that is known here, the copy is equal
 * @throws `explain.moves` when moves do not fit the hidden layers
 */
export function equivalent(network: Layer, options: EquivalentOptions = {}): Layer {
  const places = placesOf(network);
  const { hidden } = hiddenLayers(network);
  const moves = options.moves ?? randomMoves(hidden, options);
  checkMoves(hidden, moves);
  const changed = new Map<number, { weight: Float64Array; bias?: Float64Array }>();
  const knobsAt = (at: number) => {
    const { weight, bias } = places[at].layer.parameters;
    const found = changed.get(at) ?? { weight: valuesOf(weight), ...(bias && { bias: valuesOf(bias) }) };
    changed.set(at, found);
    return found;
  };
  hidden.forEach(({ units, from, to }, i) => {
    const { from: source, sign } = moves[i];
    const incoming = knobsAt(from);
    const before = { weight: incoming.weight.slice(), bias: incoming.bias?.slice() };
    incoming.weight.forEach((_, at) => {
      const unit = at % units;
      incoming.weight[at] = sign[unit] * before.weight[at - unit + source[unit]];
    });
    incoming.bias?.forEach((_, unit) => {
      (incoming.bias as Float64Array)[unit] = sign[unit] * (before.bias as Float64Array)[source[unit]];
    });
    const outgoing = knobsAt(to);
    const rows = outgoing.weight.slice();
    const width = rows.length / units;
    rows.forEach((_, at) => {
      const unit = Math.floor(at / width);
      outgoing.weight[at] = sign[unit] * rows[source[unit] * width + (at % width)];
    });
  });
  const layers = places.map(({ layer: part }, i) => {
    const values = changed.get(i);
    return values ? denseLike(part, values) : part;
  });
  // Not `sequential`, which would name shared parameters anew.
  return layer("sequential", (x) => layers.reduce((y, part) => part(y), x), {
    name: network.name,
    children: Object.fromEntries(layers.map((part, i) => [i, part])),
    takes: network.takes,
  });
}

const valuesOf = (x: Tensor) => Float64Array.from(weightOf(x)?.read() ?? []);

function denseLike({ parameters: { weight, bias } }: Layer, values: { weight: Float64Array; bias?: Float64Array }) {
  const [inputs, outputs] = weight.shape;
  const made = dense(inputs, outputs, { bias: bias !== undefined, dtype: weight.dtype });
  weightOf(made.parameters.weight)?.write(values.weight);
  if (values.bias) weightOf(made.parameters.bias)?.write(values.bias);
  return made;
}

function randomMoves(hidden: readonly HiddenLayer[], { seed = 0, permute = true, flip = true }: EquivalentOptions) {
  return hidden.map(({ units, odd }, i): UnitMove => {
    const random = new Stream(seed, "moves", i);
    const from = Array.from({ length: units }, (_, k) => k);
    for (let k = units - 1; k > 0 && permute; k--) {
      const other = random.below(k + 1);
      [from[k], from[other]] = [from[other], from[k]];
    }
    return { from, sign: from.map(() => (flip && odd && random.below(2) === 1 ? -1 : 1)) };
  });
}

function checkMoves(hidden: readonly HiddenLayer[], moves: readonly UnitMove[]): void {
  const wrong = hidden.findIndex(({ units, odd }, i) => {
    const { from, sign } = moves[i] ?? { from: [], sign: [] };
    const isPermutation = new Set(from).size === units && from.every((k) => Number.isInteger(k) && k >= 0 && k < units);
    const isSign = sign.length === units && sign.every((s) => s === 1 || (s === -1 && odd));
    return !(from.length === units && isPermutation && isSign);
  });
  if (moves.length === hidden.length && wrong < 0) return;
  throw new PondusError(
    "explain.moves",
    `equivalent: ${hidden.length} hidden layers take as many moves, each a permutation of its units and a sign for each ` +
      `(-1 only where the activation is odd), but ${wrong < 0 ? `${moves.length} came` : `move ${wrong} is none`}.`,
  );
}

/** What is known of the symmetries of a network, and how well a copy of it agrees. */
export interface Symmetry {
  /**
   * How many settings of the knobs are this function for sure, this one included: m! for each hidden layer of m units, times
   * 2^m where the activation is odd, no two units being alike. All digits, or 1.234e+5678 where there are more than 400.
   */
  readonly copies: string;
  readonly log10Copies: number;
  readonly hidden: readonly (Omit<HiddenLayer, "from" | "to"> & { readonly log10Copies: number })[];
  readonly excluded: readonly ExcludedLayer[];
  /** The largest difference of any output on the inputs, between the network and a copy with other places and signs. */
  readonly maxDifference: number;
  /** The same in units of the last place of the largest output: sums are taken in another order, and round differently. */
  readonly ulps: number;
  /** The same for a copy in which only signs changed: no sum changes its order. */
  readonly flips: { readonly units: number; readonly maxDifference: number };
  /** How far the copy's knobs are from the network's: the largest difference, to tell that it is another point. */
  readonly moved: number;
  readonly samples: number;
  /** What else leaves the function as it is, in words. */
  readonly notes: readonly string[];
}

/** Counts the exact symmetries of a network, and shows them on inputs: a copy is made and both are run. */
export async function symmetryOf(
  network: Layer,
  inputs: Tensor,
  options: { readonly seed?: number; readonly backend?: BackendName | "auto" } = {},
): Promise<Symmetry> {
  const { seed = 0, backend } = options;
  const { hidden, excluded } = hiddenLayers(network);
  const copy = equivalent(network, { seed });
  const flipped = equivalent(network, { seed, permute: false });
  const run = async (net: Layer) => (await compile(() => ({ y: net(inputs) }), {}, { backend }).run()).y;
  const [original, moved, mirrored] = [await run(network), await run(copy), await run(flipped)];
  const top = furthest(original.data, new Float64Array(original.data.length));
  const maxDifference = furthest(original.data, moved.data);
  const copies = hidden.reduce((n, h) => n * copiesOf(h), 1n);
  return {
    copies: digits(copies),
    log10Copies: log10(copies),
    hidden: hidden.map(({ from: _, to: __, ...h }) => ({ ...h, log10Copies: log10(copiesOf(h)) })),
    excluded,
    maxDifference,
    ulps: maxDifference / lastPlace(top, original.dtype === "float64" ? 52 : 23),
    flips: {
      units: hidden.reduce((n, h) => n + (h.odd ? h.units : 0), 0),
      maxDifference: furthest(original.data, mirrored.data),
    },
    moved: knobDistance(placesOf(network), placesOf(copy)),
    samples: inputs.shape[0] ?? 1,
    notes: notesOn(hidden),
  };
}

function copiesOf({ units, odd }: Pick<HiddenLayer, "units" | "odd">): bigint {
  let n = odd ? 2n ** BigInt(units) : 1n;
  for (let k = 2; k <= units; k++) n *= BigInt(k);
  return n;
}

function digits(n: bigint): string {
  const text = n.toString();
  return text.length <= 400 ? text : `${text[0]}.${text.slice(1, 4)}e+${text.length - 1}`;
}

function log10(n: bigint): number {
  const text = n.toString();
  return Math.log10(Number(`0.${text.slice(0, 17)}`)) + text.length;
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

/** The distance between a number and the next larger one of so many binary digits. */
const lastPlace = (x: number, binary: number) => (x > 0 ? 2 ** (Math.floor(Math.log2(x)) - binary) : 2 ** -binary);

function knobDistance(a: readonly Place[], b: readonly Place[]): number {
  return a.reduce((most, { layer: one }, i) => {
    const pairs = Object.entries(one.parameters).filter(([, x]) => weightOf(x));
    return pairs.reduce(
      (m, [name, x]) => Math.max(m, furthest(valuesOf(x), valuesOf(b[i].layer.parameters[name]))),
      most,
    );
  }, 0);
}

function notesOn(hidden: readonly HiddenLayer[]): string[] {
  const where = (kinds: readonly string[]) =>
    hidden.filter(({ activation }) => kinds.includes(activation)).map(({ path }) => path || "the network");
  const scaled = where(["relu", "leakyRelu"]);
  const linear = where(["nothing"]);
  const mirrored = where(["sigmoid"]);
  const note = (paths: readonly string[], text: string) =>
    paths.length > 0 ? [`layer ${paths.join(", ")}: ${text}`] : [];
  return [
    ...note(
      scaled,
      "a unit's incoming weights times any c > 0 and its outgoing ones over c are the same function too, a continuum that is not counted",
    ),
    ...note(
      linear,
      "no activation follows, so any invertible matrix may stand between the two layers, a continuum that is not counted",
    ),
    ...note(
      mirrored,
      "sigmoid(-x) = 1 - sigmoid(x): a sign may flip where the next layer's biases take up the rest; not counted",
    ),
  ];
}
