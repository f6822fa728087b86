import type { Explanation } from "../../explain/explain.ts";
import { formatNumber } from "../metrics.ts";

/** A part of an explanation as text: sentences, then a table with headings. */
export interface ExplainSection {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly tables: readonly ExplainTable[];
}

export interface ExplainTable {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const whole = (n: number) => n.toLocaleString("en-US");
const counted = (n: number, what: string) => `${whole(n)} ${what}${n === 1 ? "" : "s"}`;
const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
const place = (path: string) => path || "whole";

/** So many of the most and of the least important are shown. */
const shown = { most: 8, least: 4 };

/** What an explanation says, for the terminal and for the page. */
export function explainSections(e: Explanation & { readonly about?: string }, inputs: string): ExplainSection[] {
  const about = e.about ? [{ title: "What is looked at", sentences: [e.about], tables: [] }] : [];
  return [...about, symmetry(e), identifiability(e), knobs(e, inputs), ...law(e), ...ensemble(e)];
}

function symmetry({ symmetry: s }: Explanation): ExplainSection {
  const rows = s.hidden.map((h) => [
    place(h.path),
    whole(h.units),
    h.activation,
    h.odd ? `${h.units}! x 2^${h.units}` : `${h.units}!`,
    `10^${h.log10Copies.toFixed(1)}`,
  ]);
  const shownCopies = s.copies.length <= 15 ? whole(Number(s.copies)) : `10^${s.log10Copies.toFixed(1)}`;
  const flips =
    s.flips.units > 0
      ? ` Signs alone, of ${counted(s.flips.units, "unit")}: ${formatNumber(s.flips.maxDifference)}.`
      : "";
  const none = "No exact symmetry of this network is known here: no two dense layers with an activation between them.";
  return {
    title: "Symmetry",
    sentences: [
      ...(s.hidden.length === 0
        ? [none]
        : [
            `${shownCopies} settings of the knobs are this very function.`,
            `A copy whose knobs differ by up to ${formatNumber(s.moved)} gives outputs within ${formatNumber(s.maxDifference)} on ` +
              `${counted(s.samples, "input")}, ${formatNumber(s.ulps)} units in the last place of the largest: sums are rounded in ` +
              `another order.${flips}`,
          ]),
      ...s.notes,
    ],
    tables: [
      ...(rows.length > 0 ? [{ head: ["layer", "units", "activation", "copies", ""], rows }] : []),
      ...(s.excluded.length > 0
        ? [{ head: ["not counted", "layer", "why"], rows: s.excluded.map((x) => [place(x.path), x.name, x.why]) }]
        : []),
    ],
  };
}

function identifiability({ spectrum, decades, effectiveKnobs, identifiability: i }: Explanation): ExplainSection {
  const of = i.of === "residuals" ? "the residuals" : "the outputs on the inputs";
  const way =
    i.method === "lanczos" ? `the ${spectrum.length} largest eigenvalues, by Lanczos' method` : "all eigenvalues";
  const noise =
    i.of === "residuals"
      ? `noise of ${formatNumber(i.noise)}, what the fit leaves`
      : `noise of ${formatNumber(i.noise)}, taken as a hundredth of the outputs`;
  return {
    title: "Identifiability",
    sentences: [
      `${counted(i.knobs, "knob")}, ${counted(i.numbers, "number")} (${of}); ${way} of the Fisher information.`,
      `${counted(i.resolved, "direction")} above rounding, over ${decades.toFixed(1)} powers of ten.` +
        (i.zeros > 0 ? ` ${whole(i.zeros)} have no influence to first order, for want of numbers.` : ""),
      `Effective knobs${i.method === "lanczos" ? ", about" : ""}: ${formatNumber(Number(effectiveKnobs.toPrecision(4)))}, with ${noise}, and knobs of size ` +
        `${formatNumber(i.prior)} beforehand; in ${counted(i.aboveThreshold, "direction")} the data say more than that.`,
    ],
    tables: [
      {
        head: ["direction", "eigenvalue", "known to", "layers", "knobs that take part most"],
        rows: i.directions.map((d) => [
          whole(d.index + 1),
          formatNumber(d.value),
          formatNumber(1 / Math.sqrt(d.value)),
          Object.entries(d.layers)
            .filter(([, share]) => share >= 0.05)
            .map(([path, share]) => `${path} ${percent(Number(share.toFixed(2)))}`)
            .join(", "),
          d.knobs
            .slice(0, 2)
            .map((k) => `${k.knob} ${formatNumber(Number(k.component.toPrecision(2)))}`)
            .join(", "),
        ]),
      },
    ],
  };
}

function knobs({ knobs: k }: Explanation, inputs: string): ExplainSection {
  const line = (of: (typeof k.ranked)[number]) => [
    of.knob,
    formatNumber(of.value),
    formatNumber(of.sensitivity),
    of.ablation === undefined ? "" : formatNumber(of.ablation),
    of.ablation === undefined || !(k.outputSpread > 0) ? "" : percent(of.ablation / k.outputSpread),
  ];
  const few = k.ranked.length <= shown.most + shown.least;
  const knobRows = few
    ? k.ranked.map(line)
    : [...k.ranked.slice(0, shown.most).map(line), ["...", "", "", "", ""], ...k.ranked.slice(-shown.least).map(line)];
  const unitLine = (u: (typeof k.units)[number]) => [
    `${place(u.layer)}, ${u.unit}`,
    formatNumber(u.zeroed),
    formatNumber(u.averaged),
    k.outputSpread > 0 ? percent(u.averaged / k.outputSpread) : "",
  ];
  const unitRows =
    k.units.length <= shown.most + shown.least
      ? k.units.map(unitLine)
      : [
          ...k.units.slice(0, shown.most).map(unitLine),
          ["...", "", "", ""],
          ...k.units.slice(-shown.least).map(unitLine),
        ];
  const worth = new Map(k.hidden.map((h) => [h.layer, h.averaged]));
  const estimate = k.probes ? ` Sensitivities are estimates from ${k.probes} random directions of the outputs.` : "";
  const some = k.ablated < k.total ? ` Set to zero were the first ${whole(k.ablated)} by |value| x sensitivity.` : "";
  return {
    title: "What the knobs do",
    sentences: [
      `On ${counted(k.samples, "input")} (${inputs}) the outputs spread by ${formatNumber(k.outputSpread)} about their mean.${some}${estimate}`,
    ],
    tables: [
      {
        head: ["knob", "value", "d output / d knob", "set to zero", "of the spread"],
        rows: knobRows,
      },
      ...(unitRows.length > 0
        ? [{ head: ["unit (layer, place)", "set to zero", "set to its mean", "of the spread"], rows: unitRows }]
        : []),
      {
        head: ["layer", "knobs", "d output / d knobs", "units set to their means"],
        rows: k.layers.map((l) => {
          const averaged = [...worth].find(([path]) => l.layer === path || l.layer.endsWith(`.${path}`))?.[1];
          return [
            l.layer,
            whole(l.knobs),
            formatNumber(l.sensitivity),
            averaged === undefined ? "" : formatNumber(averaged),
          ];
        }),
      },
    ],
  };
}

function law({ law: l }: Explanation): ExplainSection[] {
  if (!l) return [];
  const symbols = Object.entries(l.symbols).map(([symbol, name]) => `${symbol} is ${name}`);
  const constants = Object.entries({ r: l.r, K: l.K }).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const [by, off] = [l.reference?.[name], l.difference?.[name]];
    const beside =
      by === undefined || off === undefined ? "" : ` (by the classical fit ${formatNumber(by)}, ${percent(off)} off)`;
    return [`${name} = ${formatNumber(value)}${beside}`];
  });
  return [
    {
      title: "A readable law",
      sentences: [
        ...l.equations.map(({ text, error }) => `${text}, to ${percent(error)} of the learned rate.`),
        `${symbols.join(", ")}; ${l.time} is the time.${l.name ? ` This is the ${l.name} law.` : ""}`,
        ...(constants.length > 0 ? [`${constants.join(", ")}.`] : []),
        `The number of terms is that at the knee, where one term fewer costs most; each of ${whole(l.samples)} samples counts alike.`,
      ],
      tables: l.equations.map(({ symbol, terms: chosen, path }) => ({
        title: `d${symbol}/dt`,
        head: ["terms", "error", "law"],
        rows: path.map(({ terms, error }) => [
          `${terms.length}${terms.length === chosen.length ? " *" : ""}`,
          percent(error),
          terms
            .map(({ term, coefficient }) => `${Number(coefficient.toPrecision(3))}${term === "1" ? "" : ` ${term}`}`)
            .join(", "),
        ]),
      })),
    },
  ];
}

function ensemble({ ensemble: e }: Explanation): ExplainSection[] {
  if (!e) return [];
  return [
    {
      title: "Ensemble",
      sentences: [
        `${counted(e.members, "network")}: their knobs differ by ${percent(e.weights)} of their size, their functions by ` +
          `${percent(e.functions)} of theirs; weights are ${formatNumber(e.ratio)} times as far apart.`,
        `The cosine between the knobs of two members is ${formatNumber(e.cosine)} in the mean, and 1 were they the same.`,
      ],
      tables: [],
    },
  ];
}
