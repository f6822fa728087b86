import { join } from "node:path";
import { writeSafetensors } from "pondus/io";
import { type Case, cases, type Variant } from "./cases/index.ts";
import { standingCeilings } from "./ceilings.ts";
import { measureFirstResults } from "./first-result.ts";
import { judge } from "./goals.ts";
import { describeMachine, machineProgram } from "./machine.ts";
import { type Figures, measure } from "./measure.ts";
import { measuredIn } from "./measured.ts";
import type { Options } from "./options.ts";
import { programs } from "./programs.ts";
import { Progress } from "./progress.ts";
import type { BenchResult, VariantResult } from "./result.ts";
import { type Entrant, gather } from "./roster.ts";

/** Measures what the options ask for. Whatever a participant does, the others are measured. */
export async function runBench(root: string, scratch: string, options: Options): Promise<BenchResult> {
  const { only, peers, seconds } = options;
  const chosen = cases.filter(({ name }) => only?.includes(name) ?? true);
  const wanted = programs(root, scratch).filter(({ peer }) => peer === "pondus" || (peers?.includes(peer) ?? true));
  process.stderr.write("Starting everybody ...\n");
  const [machine, ...entrants] = await gather([machineProgram(root, scratch), ...wanted]);
  const ceilings = await standingCeilings(machine);
  const progress = new Progress(chosen.reduce((n, { variants }) => n + variants.length, 0));
  const results: VariantResult[] = [];
  for (const one of chosen) {
    const raw: VariantResult[] = [];
    for (const variant of one.variants) {
      progress.begin(`${one.name} ${variant.name}`);
      const figures = await measureVariant(one, variant);
      raw.push({ case: one.name, variant: variant.name, ...figures, verdicts: [] });
      progress.done();
    }
    // A goal may look at other variants of its case.
    one.variants.forEach((variant, i) => {
      const measured = measuredIn(raw, variant.name);
      results.push({ ...raw[i], verdicts: variant.goals.map((goal) => judge(goal, measured)) });
    });
  }
  await Promise.all([machine, ...entrants].map(({ participant }) => participant.end()));
  return {
    date: new Date().toISOString(),
    seconds,
    machine: { ...describeMachine(), ceilings },
    participants: [machine, ...entrants].map(({ presence }) => presence),
    results,
  };

  async function measureVariant(one: Case, variant: Variant): Promise<Figures> {
    const file = join(scratch, "data.safetensors");
    const doing = (what: string) => progress.doing(what);
    writeSafetensors(file, { tensors: tensorsOf(one, variant), metadata: {} });
    if (one.timed === "first result") {
      return { cells: await measureFirstResults(variant, file, present(entrants), scratch, doing), ceilings: {} };
    }
    const takePart = present(entrants).filter(
      (entrant) => entrant.knows(one.program ?? one.name) && (one.participants?.includes(entrant.name) ?? true),
    );
    return measure(one, variant, file, takePart, machine, seconds, doing);
  }
}

const present = (entrants: readonly Entrant[]) => entrants.filter((entrant) => entrant.present);

function tensorsOf(one: Case, { sizes }: Variant) {
  return Object.fromEntries(
    Object.entries(one.data(sizes)).map(([name, { shape, data }]) => [
      name,
      { shape, data, dtype: "float32" as const },
    ]),
  );
}
