import type { Progress } from "../optim/fit.ts";
import { formatNumber } from "../systems/metrics.ts";
import { colorsFor } from "./streams.ts";

/** Shows how far a training is: one line that changes on a terminal, a few plain lines elsewhere. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  #said = new Map<string, number>();
  #open = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#live = stream.isTTY && process.env.TERM !== "dumb";
  }

  show(fit: string, progress: Progress): void {
    if (this.#live) this.#redraw(fit, progress);
    else this.#mention(fit, progress);
  }

  /** Leaves the line as it is; what follows begins a new one. */
  end(): void {
    if (this.#open) this.#stream.write("\n");
    this.#open = false;
  }

  #redraw(fit: string, progress: Progress): void {
    const { step, steps } = progress;
    const { dim, cyan } = colorsFor(this.#stream);
    const filled = Math.round((16 * step) / steps);
    const bar = cyan("━".repeat(filled)) + dim("─".repeat(16 - filled));
    this.#stream.write(
      `\r\x1b[K  ${fit.padEnd(12)} ${bar} ${describe(progress).slice(0, (this.#stream.columns || 80) - 34)}`,
    );
    this.#open = true;
    if (step >= steps) this.end();
  }

  /** The first report of every fit, then one at each tenth. */
  #mention(fit: string, progress: Progress): void {
    const tenth = Math.floor((10 * progress.step) / progress.steps);
    const before = this.#said.get(fit);
    if (before !== undefined && tenth <= before) return;
    this.#said.set(fit, tenth);
    this.#stream.write(`${fit}: ${describe(progress)}\n`);
  }
}

function describe({ step, steps, loss, validation, stepsPerSecond, secondsLeft }: Progress): string {
  const parts = [`step ${step} of ${steps}`, `loss ${formatNumber(loss)}`];
  if (validation !== undefined) parts.push(`validation ${formatNumber(validation)}`);
  parts.push(`${Math.round(stepsPerSecond)} steps/s`, step >= steps ? "done" : `${duration(secondsLeft)} left`);
  return parts.join(", ");
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
