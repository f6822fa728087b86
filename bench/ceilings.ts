import { allThreads } from "./programs.ts";
import type { Entrant } from "./roster.ts";

const slice = 0.1;

/**
 * What the machine can do at most, in thousand millions a second: the highest figures of the run, which are those of a
 * moment when nobody else was at work on it.
 */
export class Ceilings {
  readonly #machine: Entrant;
  readonly highest: Record<string, number> = {};

  constructor(machine: Entrant) {
    this.#machine = machine;
  }

  /** Measures every one of `names` for a moment. A machine that fails to answer leaves no figure. */
  async sample(names: readonly string[] = everyCeiling): Promise<void> {
    if (!this.#machine.present) return;
    for (const name of names) {
      const [program, all] = name.split(" ");
      try {
        await this.#machine.ask({ do: "prepare", case: program, variant: { threads: all ? allThreads : 1 } });
        const { seconds } = await this.#machine.ask({ do: "time", seconds: slice });
        this.highest[name] = Math.max(this.highest[name] ?? 0, 1 / Number(seconds));
      } catch {
        // Its absence shows in the table.
      }
    }
  }
}

/** A ceiling of one core, and of all of them where that is another figure. */
export function waysUp(ceiling: string): string[] {
  return ceiling === "clock" || allThreads === 1 ? [ceiling] : [ceiling, `${ceiling} all`];
}

const everyCeiling = ["fma-f32", "fma-f64", "memory", "clock"].flatMap(waysUp);
