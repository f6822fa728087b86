import { type Argument, type Call, type Index, passed, type Routine, type Step } from "../../../compiler/ir/loop.ts";
import { childrenOf } from "../../../compiler/ir/steps.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import type { Range } from "./address.ts";
import type { Sharing } from "./part.ts";

export type Repeat = Extract<Step<Call>, { kind: "repeat" }>;

/** A loop whose iterations threads run side by side. */
export interface Iterations {
  readonly loop: Repeat;
  /** Counters of the loops around it, which a launch passes. */
  readonly around: readonly Index[];
  readonly sharing: Sharing;
}

/** A function to be printed: a routine, which threads share or one runs alone, or iterations. */
export type Listed = { readonly routine: Routine; readonly sharing?: Sharing } | Iterations;

/**
 * The functions that a program's steps call, numbered, and what is known of all counters. A routine is printed twice where
 * threads share it here and each runs it alone there, in iterations that they run side by side.
 */
export class Functions {
  /** In the order of their numbers. */
  readonly all: Listed[] = [];
  readonly ranges = new Map<Index, Range>();
  /** Numbers that a launch passes at most. */
  passed = 0;
  readonly #bytes: number;
  readonly #counters: number | undefined;
  readonly #alone = new Map<Routine, number>();
  readonly #shared = new Map<Routine, Sharing>();
  readonly #iterations = new Map<Repeat, Iterations>();

  /**
   * @param bytes     the arena's size
   * @param counters  where threads find the counters of what they share, when there are threads
   */
  constructor(steps: readonly Step<Call>[], bytes: number, counters: number | undefined) {
    this.#bytes = bytes;
    this.#counters = counters;
    this.#survey(steps, [], false);
  }

  /** A routine as one thread runs it. */
  alone(routine: Routine): number {
    return this.#alone.get(routine) as number;
  }

  /** A routine as threads share it, if they do. */
  shared(routine: Routine): Sharing | undefined {
    return this.#shared.get(routine);
  }

  iterations(loop: Repeat): Iterations | undefined {
    return this.#iterations.get(loop);
  }

  #survey(steps: readonly Step<Call>[], around: readonly Index[], apart: boolean): void {
    for (const step of steps) {
      if (step.kind === "launch") this.#call(step.kernel, apart);
      else if (step.kind === "branch") this.#survey(childrenOf(step), around, apart);
      else {
        // A test may run once more than the body, with the counter one further.
        const max = step.kind === "repeat" ? Math.max(0, step.length - 1) : (step.limit ?? 2 ** 31 - 1);
        this.ranges.set(step.index, { min: 0, max });
        const inTurns = step.kind === "repeat" && step.apart === true && this.#counters !== undefined;
        this.#survey(childrenOf(step), [...around, step.index], apart || inTurns);
        if (inTurns) this.#addTurns(step, around);
      }
    }
  }

  #call({ routine, counters }: Call, apart: boolean): void {
    if (this.#counters !== undefined && routine.parts > 1 && !apart) {
      if (!this.#shared.has(routine)) {
        const sharing = this.#sharing(this.#counters, routine.indices);
        this.#shared.set(routine, sharing);
        this.all.push({ routine, sharing });
      }
    } else if (!this.#alone.has(routine)) {
      this.#alone.set(routine, this.#next());
      this.all.push({ routine });
    }
    counters.forEach((argument, k) => {
      this.#extend(routine.indices[k], argument);
    });
  }

  #addTurns(loop: Repeat, around: readonly Index[]): void {
    const iterations = { loop, around, sharing: this.#sharing(this.#counters as number, around) };
    this.#iterations.set(loop, iterations);
    this.all.push(iterations);
  }

  #sharing(counters: number, passed: readonly Index[]): Sharing {
    this.passed = Math.max(this.passed, passed.length);
    return { number: this.#next(), counters };
  }

  /** Function 0 is `together`, where there are threads. */
  #next(): number {
    return this.all.length + (this.#counters === undefined ? 0 : 1);
  }

  /** Where an array lies is a counter too. */
  #extend(index: Index, argument: Argument): void {
    const x = passed(argument);
    if (typeof x !== "number") return;
    const { min, max } = this.ranges.get(index) ?? { min: x, max: x };
    // A copy for another thread lies further on, if in the arena.
    const most = "dtype" in argument && argument.stride ? this.#bytes / bytesOf[argument.dtype] : x;
    this.ranges.set(index, { min: Math.min(min, x), max: Math.max(max, most) });
  }
}
