import { PondusError } from "../../graph/errors.ts";

/** Gates that share their weights: `[["input", "forget"], ["cell", "output"]]`. */
export type GateGroups<Gate extends string = string> = readonly (readonly Gate[])[];

/** Which gates share: one grouping for all weights, or one for each kind of them. */
export type GateTie<Gate extends string = string> =
  | GateGroups<Gate>
  | { readonly input?: GateGroups<Gate>; readonly recurrent?: GateGroups<Gate>; readonly bias?: GateGroups<Gate> };

/** The distinct blocks of a weight [count * hidden, ...], and which of them each gate reads. */
export interface Blocks {
  readonly count: number;
  readonly of: Readonly<Record<string, number>>;
}

const kinds = ["input", "recurrent", "bias"] as const;

/** The blocks of the weights that inputs, the last step's h and nothing are multiplied with. */
export type GateBlocks = Readonly<Record<(typeof kinds)[number], Blocks>>;

/**
 * What each gate reads, under a tie. Blocks stand in the order of the first gate of each group.
 *
 * @param name   how the layer was written, for errors
 * @param gates  in the order of their blocks
 * @throws `recurrence.tie` for a gate that there is not, a gate that stands twice, and a group that ties nothing
 */
export function gateBlocks(name: string, gates: readonly string[], tie: GateTie = []): GateBlocks {
  const each = isGroups(tie) ? { input: tie, recurrent: tie, bias: tie } : tie;
  const odd = Object.keys(each).find((key) => !(kinds as readonly string[]).includes(key));
  if (odd !== undefined) {
    throw refusal(name, `tie has "${odd}", but what gates can share apart is input, recurrent and bias`);
  }
  const [input, recurrent, bias] = kinds.map((kind) => blocks(name, gates, each[kind] ?? []));
  return { input, recurrent, bias };
}

/** Which gates read each block, for files to keep; undefined where each gate has one of its own. */
export function describeBlocks({ count, of }: Blocks): string | undefined {
  const gates = Object.keys(of);
  if (count === gates.length) return undefined;
  return Array.from({ length: count }, (_, block) => gates.filter((gate) => of[gate] === block).join(" + ")).join(", ");
}

const isGroups = (tie: GateTie): tie is GateGroups => Array.isArray(tie);

function blocks(name: string, gates: readonly string[], groups: GateGroups): Blocks {
  if (!Array.isArray(groups) || !groups.every(Array.isArray)) {
    throw refusal(name, `tie takes groups of gates, such as [["${gates[0]}", "${gates[1]}"]]`);
  }
  const groupOf = new Map<string, readonly string[]>();
  for (const group of groups) {
    if (group.length < 2) {
      throw refusal(name, `the group [${group}] ties nothing; name a second gate in it, or leave it out`);
    }
    for (const gate of group) {
      if (!gates.includes(gate)) {
        throw refusal(name, `tie names the gate "${gate}", but the gates are ${gates.join(", ")}`);
      }
      if (groupOf.has(gate)) throw refusal(name, `tie names "${gate}" twice; groups that share a gate are one group`);
      groupOf.set(gate, group);
    }
  }
  const numbers = new Map<unknown, number>();
  const of = gates.map((gate) => {
    const key = groupOf.get(gate) ?? gate;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return [gate, numbers.get(key) as number];
  });
  return { count: numbers.size, of: Object.fromEntries(of) };
}

const refusal = (name: string, what: string) => new PondusError("recurrence.tie", `${name}: ${what}.`);
