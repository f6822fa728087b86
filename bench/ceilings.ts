import { allThreads } from "./programs.ts";
import type { Entrant } from "./roster.ts";

const slice = 0.1;

/** A ceiling's figures so far, in thousand millions a second. */
export type Samples = Map<string, number[]>;

/** One core, and all of them where that is another figure. */
export function waysUp(ceiling: string): string[] {
  return ceiling === "clock" || allThreads === 1 ? [ceiling] : [ceiling, `${ceiling} all`];
}

export const everyCeiling = ["fma-f32", "fma-f64", "copy", "clock"].flatMap(waysUp);

/** Measures every one of `names` for a moment. A machine that fails to answer leaves no figure. */
export async function sampleCeilings(machine: Entrant, names: readonly string[], samples: Samples): Promise<void> {
  if (!machine.present) return;
  for (const name of names) {
    const [program, all] = name.split(" ");
    try {
      await machine.ask({ do: "prepare", case: program, variant: { threads: all ? allThreads : 1 } });
      const { seconds } = await machine.ask({ do: "time", seconds: slice });
      samples.set(name, [...(samples.get(name) ?? []), 1 / Number(seconds)]);
    } catch {
      // Its absence shows in the table.
    }
  }
}

/** The highest figures: what the machine can do when nobody else is at work on it. */
export function highest(samples: Samples): Record<string, number> {
  return Object.fromEntries([...samples].map(([name, list]) => [name, Math.max(...list)]));
}

export async function standingCeilings(machine: Entrant): Promise<Record<string, number>> {
  const samples: Samples = new Map();
  for (let round = 0; round < 5; round++) await sampleCeilings(machine, everyCeiling, samples);
  return highest(samples);
}
