import { join } from "node:path";
import { writeSafetensors } from "pondus/io";
import { type Case, cases, type Variant } from "./cases/index.ts";
import { Ceilings } from "./ceilings.ts";
import { measureFirstResults } from "./first-result.ts";
import { judge } from "./goals.ts";
import { describeMachine, machineProgram } from "./machine.ts";
import { measure } from "./measure.ts";
import { measuredIn } from "./measured.ts";
import type { Options } from "./options.ts";
import { programs } from "./programs.ts";
import { Progress } from "./progress.ts";
import type { BenchResult, Cell, VariantResult } from "./result.ts";
import { gather } from "./roster.ts";

/** Measures what the options ask for. Whatever a participant does, the others are measured. */
export async function runBench(root: string, scratch: string, options: Options): Promise<BenchResult> {
  const { only, peers, seconds } = options;
  const chosen = cases.filter(({ name }) => only?.includes(name) ?? true);
  const wanted = programs(root, scratch).filter(({ peer }) => peer === "pondus" || (peers?.includes(peer) ?? true));
  process.stderr.write("Starting everybody ...\n");
  const [machine, ...entrants] = await gather([machineProgram(root, scratch), ...wanted]);
  const present = entrants.filter((entrant) => entrant.present);
  const ceilings = new Ceilings(machine);
  for (let round = 0; round < 3; round++) await ceilings.sample();
  const progress = new Progress(chosen.reduce((n, { variants }) => n + variants.length, 0));
  const cellsOf = new Map<Variant, Record<string, Cell>>();
  for (const { one, variant } of eachVariant(chosen)) {
    progress.begin(`${one.name} ${variant.name}`);
    cellsOf.set(variant, await cellsFor(one, variant));
    progress.done();
  }
  await Promise.all([machine, ...entrants].map(({ participant }) => participant.end()));
  return {
    date: new Date().toISOString(),
    seconds,
    machine: { ...describeMachine(), ceilings: ceilings.highest },
    participants: [machine, ...entrants].map(({ presence }) => presence),
    results: judged(chosen, cellsOf, ceilings.highest),
  };

  async function cellsFor(one: Case, variant: Variant): Promise<Record<string, Cell>> {
    const file = join(scratch, "data.safetensors");
    const doing = (what: string) => progress.doing(what);
    writeSafetensors(file, { tensors: tensorsOf(one, variant), metadata: {} });
    if (one.timed === "first result") return measureFirstResults(variant, file, present, scratch, doing);
    const takePart = present.filter(
      (entrant) => entrant.knows(one.program ?? one.name) && (one.participants?.includes(entrant.name) ?? true),
    );
    return measure(one, variant, file, takePart, ceilings, seconds, doing);
  }
}

const eachVariant = (chosen: readonly Case[]) =>
  chosen.flatMap((one) => one.variants.map((variant) => ({ one, variant })));

/** Goals come last: they may look at other variants of their case, and at ceilings that were reached later. */
function judged(
  chosen: readonly Case[],
  cellsOf: ReadonlyMap<Variant, Record<string, Cell>>,
  ceilings: Readonly<Record<string, number>>,
): VariantResult[] {
  return chosen.flatMap((one) => {
    const results = one.variants.map((variant) => ({
      case: one.name,
      variant: variant.name,
      cells: cellsOf.get(variant) ?? {},
      verdicts: [],
    }));
    return one.variants.map(({ name, goals }, i) => {
      const measured = measuredIn(results, name, ceilings);
      return { ...results[i], verdicts: goals.map((goal) => judge(goal, measured)) };
    });
  });
}

function tensorsOf(one: Case, { sizes }: Variant) {
  return Object.fromEntries(
    Object.entries(one.data(sizes)).map(([name, { shape, data }]) => [
      name,
      { shape, data, dtype: "float32" as const },
    ]),
  );
}
