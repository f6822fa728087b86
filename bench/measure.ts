import { disagreement } from "./agree.ts";
import type { Case, Variant } from "./cases/index.ts";
import { type Ceilings, waysUp } from "./ceilings.ts";
import { median } from "./median.ts";
import type { Reply } from "./participant.ts";
import { allThreads } from "./programs.ts";
import type { Cell } from "./result.ts";
import type { Entrant } from "./roster.ts";
import { rotation } from "./rotation.ts";

const rounds = 7;

/** Keeps what became of everybody in one variant. */
type Cells = Record<string, Cell>;

/**
 * Times one variant: everybody prepares and shows that it computes the same as the reference, the first that can
 * prepare; then everybody in turn is timed for a moment, again and again, and the machine's ceilings with them.
 *
 * @param file  the data, as safetensors
 */
export async function measure(
  one: Case,
  variant: Variant,
  file: string,
  entrants: readonly Entrant[],
  ceilings: Ceilings,
  seconds: number,
  doing: (what: string) => void,
): Promise<Cells> {
  const cells = await prepare(one, variant, file, entrants, doing);
  const samples = new Map<Entrant, number[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < rounds; round++) {
    doing(`round ${round + 1} of ${rounds}`);
    for (const entrant of rotation(entrants, round)) {
      if (cells[entrant.name].problem) continue;
      const { problem } = await attempt(async () => {
        const reply = await entrant.ask({ do: "time", seconds });
        samples.get(entrant)?.push(positive(reply.seconds));
        return {};
      });
      if (problem) cells[entrant.name] = { ...cells[entrant.name], problem };
    }
    if (variant.work) await ceilings.sample(waysUp(variant.work.ceiling));
  }
  for (const [entrant, list] of samples) {
    const cell = cells[entrant.name];
    if (!cell.problem) cells[entrant.name] = { ...cell, seconds: median(list), samples: list };
    await release(entrant);
  }
  return cells;
}

/** As many at once as there are cores: nothing is timed yet. */
async function prepare(
  { name, program = name, tolerances }: Case,
  { sizes }: Variant,
  file: string,
  entrants: readonly Entrant[],
  doing: (what: string) => void,
): Promise<Cells> {
  const replies = new Map<Entrant, Reply>();
  const waiting = [...entrants];
  const work = async () => {
    for (let entrant = waiting.shift(); entrant; entrant = waiting.shift()) {
      doing(`${entrant.name} prepares`);
      const request = { do: "prepare", case: program, variant: sizes, data: file };
      replies.set(entrant, await entrant.ask(request).catch(({ message }) => ({ error: message })));
    }
  };
  await Promise.all(Array.from({ length: allThreads }, work));
  let reference: number[] | undefined;
  const cells: Cells = {};
  for (const entrant of entrants) {
    const reply = replies.get(entrant) as Reply;
    const cell = await attempt(async () => {
      if (reply.error !== undefined) throw new Error(reply.error);
      if (reply.unsupported !== undefined) return { problem: `unsupported: ${reply.unsupported}` };
      const check = checkOf(reply);
      reference ??= check;
      const wrong = disagreement(check, reference, tolerances?.(reference, sizes, entrant.name));
      if (wrong) return { problem: `disagrees: ${wrong}` };
      return typeof reply.note === "string" ? { note: reply.note } : {};
    });
    cells[entrant.name] = { ...cell, threads: entrant.presence.threads };
  }
  return cells;
}

/** One that ended meanwhile has nothing to release. */
async function release(entrant: Entrant): Promise<void> {
  if (entrant.participant.alive) await entrant.ask({ do: "release" }).catch(() => {});
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
