/** Says on stderr what is being done and about how long the rest will take: one line that changes, or a line a variant. */
export class Progress {
  readonly #live = process.stderr.isTTY === true && process.env.TERM !== "dumb";
  readonly #began = performance.now();
  readonly #total: number;
  #done = 0;
  #title = "";

  /** @param total  variants in all */
  constructor(total: number) {
    this.#total = total;
  }

  begin(title: string): void {
    this.#title = title;
    if (!this.#live) process.stderr.write(`${this.#place()} ${title}${this.#left()}\n`);
  }

  doing(what: string): void {
    if (this.#live) process.stderr.write(`\r${this.#place()} ${this.#title}: ${what}${this.#left()}\x1b[K`);
  }

  done(): void {
    this.#done++;
    if (this.#live) process.stderr.write("\r\x1b[K");
  }

  #place(): string {
    return `[${this.#done + 1}/${this.#total}]`;
  }

  #left(): string {
    if (this.#done === 0) return "";
    const seconds = ((performance.now() - this.#began) / 1000 / this.#done) * (this.#total - this.#done);
    return seconds < 90
      ? `, about ${Math.ceil(seconds / 10) * 10} s left`
      : `, about ${Math.round(seconds / 60)} min left`;
  }
}
