import { Failure, Participant, type Reply } from "./participant.ts";
import type { Program } from "./programs.ts";
import type { Presence } from "./result.ts";

/** Seconds in which a request must be answered. */
export const limit = 120;

/** One that takes part: its process, and what it said of itself. */
export class Entrant {
  readonly name: string;
  readonly participant: Participant;
  presence: Presence;
  #cases: readonly string[] = [];
  #hung = 0;

  constructor(program: Program) {
    this.name = program.name;
    this.participant = new Participant(program);
    this.presence = { name: program.name, missing: program.missing };
  }

  get present(): boolean {
    return this.presence.missing === undefined;
  }

  knows(program: string): boolean {
    return this.#cases.includes(program);
  }

  /** Starts it, unless it runs, and asks who it is. One that cannot even say that is as good as missing. */
  async greet(): Promise<void> {
    if (!this.present || this.participant.alive) return;
    try {
      this.participant.start();
      const { version, threads, cases } = await this.participant.ask({ do: "hello" }, limit);
      this.#cases = cases as string[];
      this.presence = { name: this.name, version: String(version), threads: Number(threads) };
    } catch (error) {
      this.presence = { name: this.name, missing: (error as Error).message };
      await this.participant.end();
    }
  }

  /** Asks it, starting it anew where a request before this one ended it. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<Reply> {
    if (this.#hung >= 2) throw new Failure("given up: it left requests unanswered before");
    await this.greet();
    try {
      return await this.participant.ask(request, limit);
    } catch (error) {
      if ((error as Error).message.startsWith("no answer")) this.#hung++;
      throw error;
    }
  }
}

/** Starts everybody at once: what takes long is loading their libraries. */
export async function gather(programs: readonly Program[]): Promise<Entrant[]> {
  const entrants = programs.map((program) => new Entrant(program));
  await Promise.all(entrants.map((entrant) => entrant.greet()));
  return entrants;
}
