import { disagreement } from "./agree.ts";
import type { Case, Variant } from "./cases/index.ts";
import { type Ceilings, waysUp } from "./ceilings.ts";
import { median } from "./median.ts";
import type { Reply } from "./participant.ts";
import type { Cell } from "./result.ts";
import type { Entrant } from "./roster.ts";
import { rotation } from "./rotation.ts";

const rounds = 7;

/**
 * Times one variant: everybody prepares and shows that it computes the same as the reference, the first that can
 * prepare; then everybody in turn is timed for a moment, again and again, and the machine's ceilings with them.
 *
 * @param file  the data, as safetensors
 */
export async function measure(
  { name, program = name, tolerances }: Case,
  { sizes, work }: Variant,
  file: string,
  entrants: readonly Entrant[],
  ceilings: Ceilings,
  seconds: number,
  doing: (what: string) => void,
): Promise<Record<string, Cell>> {
  const cells: Record<string, Cell> = {};
  const ready: Entrant[] = [];
  let reference: number[] | undefined;
  for (const entrant of entrants) {
    doing(`${entrant.name} prepares`);
    const cell = await attempt(async () => {
      const reply = await entrant.ask({ do: "prepare", case: program, variant: sizes, data: file });
      if (reply.unsupported !== undefined) return { problem: `unsupported: ${reply.unsupported}` };
      const check = checkOf(reply);
      reference ??= check;
      const wrong = disagreement(check, reference, tolerances?.(reference, sizes));
      return wrong ? { problem: `disagrees: ${wrong}` } : { ...(reply.note ? { note: String(reply.note) } : {}) };
    });
    cells[entrant.name] = { ...cell, threads: entrant.presence.threads };
    if (!cell.problem) ready.push(entrant);
  }
  const samples = new Map<string, number[]>(ready.map((entrant) => [entrant.name, []]));
  for (let round = 0; round < rounds; round++) {
    doing(`round ${round + 1} of ${rounds}`);
    for (const entrant of rotation(ready, round)) {
      if (cells[entrant.name].problem) continue;
      const cell = await attempt(async () => {
        const reply = await entrant.ask({ do: "time", seconds });
        samples.get(entrant.name)?.push(positive(reply.seconds));
        return {};
      });
      if (cell.problem) cells[entrant.name] = { ...cells[entrant.name], ...cell };
    }
    if (work) await ceilings.sample(waysUp(work.ceiling));
  }
  for (const entrant of entrants) {
    if (entrant.participant.alive) await attempt(async () => ({ note: String(await entrant.ask({ do: "release" })) }));
  }
  for (const [who, list] of samples) {
    if (!cells[who].problem) cells[who] = { ...cells[who], seconds: median(list), samples: list };
  }
  return cells;
}

/** What goes wrong becomes the participant's cell. */
export async function attempt(work: () => Promise<Cell>): Promise<Cell> {
  try {
    return await work();
  } catch (error) {
    return { problem: `failed: ${(error as Error).message}` };
  }
}

export function checkOf(reply: Reply): number[] {
  if (!Array.isArray(reply.check)) throw new Error("it gave no check");
  return reply.check;
}

export function positive(seconds: unknown): number {
  if (!(Number(seconds) > 0)) throw new Error(`it measured ${seconds} seconds`);
  return Number(seconds);
}
