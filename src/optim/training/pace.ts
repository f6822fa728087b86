/** Seconds that one call of the program should last: short enough to answer Ctrl-C, long enough to cost nothing. */
const target = 0.1;

/** Chooses how many steps to take in one call, from how long the calls before lasted. */
export class Pace {
  #count = 1;
  #steps = 0;
  #seconds = 0;

  get count(): number {
    return this.#count;
  }

  /** Spent in steps. */
  get seconds(): number {
    return this.#seconds;
  }

  get stepsPerSecond(): number {
    return this.#steps / Math.max(this.#seconds, 1e-9);
  }

  /** Learns from one call. The count grows at most eightfold at a time, for the first call measures little. */
  learn(steps: number, seconds: number): void {
    this.#steps += steps;
    this.#seconds += seconds;
    const ideal = Math.floor((target * steps) / Math.max(seconds, 1e-6));
    this.#count = Math.max(1, Math.min(ideal, this.#count * 8, 2 ** 30));
  }
}
