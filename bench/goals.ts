/** What a goal looks at: one variant's figures, by name. */
export interface Measured {
  /** Seconds of one iteration; `undefined` when there is no figure. */
  seconds(participant: string): number | undefined;
  /** The same of its fastest slice. */
  best(participant: string): number | undefined;
  /** Whether it was there to be measured, with success or without. */
  took(participant: string): boolean;
  /** Thousand millions a second. */
  ceiling(name: string): number | undefined;
  /** Another variant of the same case. */
  beside(variant: string): Measured | undefined;
}

export interface Goal {
  readonly text: string;
  readonly need: number;
  readonly sense: "at least" | "at most";
  readonly unit: "" | "x" | "s";
  /** Whose goal it is: when it took part and has no figure, the goal is missed. */
  readonly of: string;
  figure(measured: Measured): number | undefined;
}

export interface Verdict {
  readonly text: string;
  readonly need: number;
  readonly sense: Goal["sense"];
  readonly unit: Goal["unit"];
  readonly figure: number | undefined;
  readonly verdict: "met" | "MISSED" | "not measured";
}

export function judge(goal: Goal, measured: Measured): Verdict {
  const { text, need, sense, unit, of } = goal;
  const figure = goal.figure(measured);
  const verdict = () => {
    if (figure === undefined)
      return measured.took(of) && measured.seconds(of) === undefined ? "MISSED" : "not measured";
    return (sense === "at least" ? figure >= need : figure <= need) ? "met" : "MISSED";
  };
  return { text, need, sense, unit, figure, verdict: verdict() };
}

/** `of` takes at most 1/`need` of the other's time. */
export function faster(of: string, need: number, than: string): Goal {
  const figure = (m: Measured) => ratio(m.seconds(than), m.seconds(of));
  return { text: `${of} against ${than}`, need, sense: "at least", unit: "x", of, figure };
}

/**
 * `of` does `amount` at no less than `need` of the ceiling. Its fastest slice is compared with the ceiling's fastest:
 * both show what can be done when nobody else is at work on the machine.
 */
export function share(of: string, need: number, amount: number, ceiling: string, text: string): Goal {
  const figure = (m: Measured) => {
    const [seconds, most] = [m.best(of), m.ceiling(ceiling)];
    return seconds && most ? amount / 1e9 / seconds / most : undefined;
  };
  return { text: `${of}: ${text}`, need, sense: "at least", unit: "", of, figure };
}

/** `of` takes no longer than `need` seconds. */
export function within(of: string, need: number): Goal {
  return { text: of, need, sense: "at most", unit: "s", of, figure: (m) => m.seconds(of) };
}

/**
 * `of` needs no more than `need` times what it needs beside, per unit of work. The two are measured minutes apart: the
 * fastest slices are compared.
 */
export function level(
  of: string,
  need: number,
  units: number,
  beside: { variant: string; units: number },
  per: string,
): Goal {
  const figure = (m: Measured) => {
    const [here, there] = [m.best(of), m.beside(beside.variant)?.best(of)];
    return ratio(here && here / units, there && there / beside.units);
  };
  return { text: `${of}: time per ${per} against ${beside.variant}`, need, sense: "at most", unit: "x", of, figure };
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a !== undefined && b !== undefined && b > 0 ? a / b : undefined;
}
