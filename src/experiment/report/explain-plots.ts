import type { Explanation } from "../../explain/explain.ts";
import type { Explainable } from "../../explain/explainable.ts";
import { evenly, type Plot, type Series } from "./plot.ts";

/** What of an explanation is better seen than read. */
export function plotExplanation(
  explanation: Explanation,
  { rates, inputNames = [] }: Pick<Explainable, "rates" | "inputNames">,
): Plot[] {
  return [
    plotSpectrum(explanation),
    ...plotKnob(explanation, inputNames[0] ?? "first input"),
    ...plotLaw(explanation, rates),
    ...plotTerms(explanation),
  ];
}

function plotSpectrum({ spectrum, identifiability }: Explanation): Plot {
  const { threshold, resolved, floor } = identifiability;
  const shown = spectrum.filter((e) => e > 0);
  const x = shown.map((_, i) => i + 1);
  const across = (y: number) => ({ x: [1, Math.max(shown.length, 2)], y: [y, y] });
  const isRounding = resolved < spectrum.length;
  return {
    title: "How well the data determine each direction of the knobs",
    x: { label: "direction, the stiffest first" },
    y: { label: "eigenvalue (1 / knob^2)", scale: "log" },
    series: [
      { name: "eigenvalues", kind: "dots", x, y: shown },
      { name: "as much as was known before", kind: "line", ...across(threshold) },
      ...(isRounding && floor > 0 ? [{ name: "rounding", kind: "line", ...across(floor) } satisfies Series] : []),
    ],
  };
}

const short = (x: number) => Number(x.toPrecision(3));

function plotKnob({ knobs }: Explanation, inputName: string): Plot[] {
  return knobs.curves.slice(0, 1).map(({ knob, trained, values, outputs }) => ({
    title: `What ${knob} does`,
    x: { label: `${knob} (trained to ${short(trained)})` },
    y: { label: "output" },
    series: outputs.map(
      ({ input, y }): Series => ({ name: `${inputName} = ${short(input)}`, kind: "line", x: values, y }),
    ),
  }));
}

/** Of one state: its learned rate and the law's. */
function plotLaw({ law }: Explanation, rates: Explainable["rates"]): Plot[] {
  if (!law || !rates || rates.states.length !== 1) return [];
  const [{ name, values }] = rates.states;
  const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const n = evenly(low, high, 101);
  const powerOf = (term: string) => (term === "1" ? 0 : Number(term.split("^")[1] ?? 1));
  const [{ terms, text }] = law.equations;
  return [
    {
      title: "The law that was read off the network",
      x: { label: name },
      y: { label: `rate per unit of ${law.time}` },
      series: [
        { name: "network", kind: "dots", x: values, y: rates.rates[0] },
        {
          name: text,
          kind: "line",
          x: n,
          y: n.map((N) => terms.reduce((y, t) => y + t.coefficient * N ** powerOf(t.term), 0)),
        },
      ],
    },
  ];
}

function plotTerms({ law }: Explanation): Plot[] {
  if (!law) return [];
  return [
    {
      title: "What a shorter law costs",
      x: { label: "terms" },
      y: { label: "error, as a share of the rate", scale: "log" },
      series: law.equations.map(({ state, path }) => ({
        name: state,
        kind: "line",
        x: path.map(({ terms }) => terms.length),
        y: path.map(({ error }) => error),
      })),
    },
  ];
}
