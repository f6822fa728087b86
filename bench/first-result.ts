import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { disagreement } from "./agree.ts";
import type { Variant } from "./cases/index.ts";
import { attempt, checkOf, positive } from "./measure.ts";
import { median } from "./median.ts";
import { Participant } from "./participant.ts";
import type { Program } from "./programs.ts";
import type { Cell } from "./result.ts";
import { type Entrant, limit } from "./roster.ts";
import { rotation } from "./rotation.ts";

const rounds = 3;
/** Who takes longer than this, in seconds, is measured once. */
const slow = 10;

/** A way to start a program afresh. */
interface Start {
  readonly name: string;
  readonly program: Program;
  readonly threads?: number;
  env(): Record<string, string>;
}

/** Times, in fresh processes, how long it takes from a function to its first result; loading the library does not count. */
export async function measureFirstResults(
  { sizes }: Variant,
  file: string,
  entrants: readonly Entrant[],
  scratch: string,
  doing: (what: string) => void,
): Promise<Record<string, Cell>> {
  const starts = entrants.flatMap((entrant) => waysToStart(entrant, scratch));
  const samples = new Map<string, number[]>(starts.map(({ name }) => [name, []]));
  const cells: Record<string, Cell> = {};
  let reference: number[] | undefined;
  for (let round = 0; round < rounds; round++) {
    for (const start of rotation(starts, round)) {
      const { name, threads } = start;
      const list = samples.get(name) as number[];
      if (cells[name]?.problem || list.some((seconds) => seconds > slow)) continue;
      doing(`${name}, round ${round + 1} of ${rounds}`);
      cells[name] = await attempt(async () => {
        // The first time fills the cache that a warm start finds.
        if (round === 0 && name.endsWith("warm")) await firstResult(start, sizes.program, file);
        const { seconds, check } = await firstResult(start, sizes.program, file);
        reference ??= check;
        const wrong = disagreement(check, reference);
        if (wrong) return { problem: `disagrees: ${wrong}` };
        list.push(seconds);
        return { seconds: median(list), samples: [...list], threads };
      });
    }
  }
  return Object.fromEntries(starts.map(({ name }) => [name, cells[name]]));
}

function waysToStart(entrant: Entrant, scratch: string): Start[] {
  const { participant, name, presence } = entrant;
  const { program } = participant;
  const fresh = (prefix: string) => mkdtempSync(join(scratch, `${prefix}-`));
  const start = (called: string, env: Start["env"]) => [{ name: called, program, threads: presence.threads, env }];
  if (name === "pondus-native") {
    const warm = fresh("warm");
    return [
      ...start("pondus-native cold", () => ({ PONDUS_CACHE: fresh("cold") })),
      ...start("pondus-native warm", () => ({ PONDUS_CACHE: warm })),
    ];
  }
  if (name === "pondus-wasm" || name === "jax") return start(name, () => ({}));
  if (name === "pytorch-compile") return start(name, () => ({ TORCHINDUCTOR_CACHE_DIR: fresh("inductor") }));
  return [];
}

async function firstResult(
  start: Start,
  program: unknown,
  data: string,
): Promise<{ seconds: number; check: number[] }> {
  const participant = new Participant(start.program);
  try {
    participant.start(start.env());
    await participant.ask({ do: "hello" }, limit);
    const reply = await participant.ask({ do: "prepare", case: program, variant: {}, data }, limit);
    if (reply.unsupported !== undefined) throw new Error(`unsupported: ${reply.unsupported}`);
    return { seconds: positive(reply.compileSeconds), check: checkOf(reply) };
  } finally {
    await participant.end();
  }
}
