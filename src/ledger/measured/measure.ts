import { forgetPeak, resident } from "#host/resident";
import type { BackendName } from "../../backends/backend.ts";
import { allocate, isFloat, type TypedArray } from "../../graph/dtype.ts";
import { type Initializer, Parameter } from "../../graph/parameter.ts";
import type { GraphProgram } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape.ts";
import { tensorOf } from "../../optim/optimizer.ts";
import { compile, type InputTypes, type Outputs, type Program, repeat } from "../../runtime/index.ts";
import { hostBytesOf } from "../host-bytes.ts";

/** What a program was seen to take. */
export interface Measured {
  /** Its arena, as it was allocated. */
  readonly arenaBytes: number;
  /** What lies outside the arena for its sake: see `hostBytesOf`. */
  readonly hostBytes: number;
  /** The process when the program was compiled, and nothing but its constants was in its memory yet. */
  readonly floorBytes: number;
  /** The most that the process took while the program ran, above the floor. */
  readonly peakBytes: number;
  /** False where the system only tells the most since the process began, which may have been for something else. */
  readonly isPeakItsOwn: boolean;
  /** The median of several runs. */
  readonly secondsPerRun: number;
  readonly runs: number;
}

export interface MeasureOptions {
  /** What the program is given (default: numbers between -1 and 1, and zeros where whole numbers are wanted). */
  readonly inputs?: { readonly [name: string]: TypedArray };
  /** For how long it runs, once it is warm (default 1): three times at least, and two hundred at most. */
  readonly seconds?: number;
  /** Called with the number of runs that are done. */
  readonly onProgress?: (runs: number) => void;
}

/** A training that goes on for long on the same numbers ends in gradients so small that a processor takes them slowly. */
const mostRuns = 200;

/**
 * Loads a program and runs it, which changes what it updates. A process takes memory for many things, and gives little of
 * it back: the peak is right in a fresh process that does nothing else, started as `measureAlone` does.
 */
export async function measureProgram<I extends InputTypes, O extends Outputs>(
  program: Program<I, O>,
  options: MeasureOptions = {},
): Promise<Measured> {
  await warmUp(program.backend);
  const hostBytes = hostBytesOf(program.graph);
  const arenaBytes = await program.arenaBytes();
  collect();
  // The arena takes no memory before it is written to.
  const isPeakItsOwn = forgetPeak();
  const floorBytes = resident().now;
  const inputs = options.inputs ?? numbersFor(program.graph);
  const run = () => (program as unknown as Program<InputTypes, O>).run(inputs);
  // The first run finds memory that has not been touched yet.
  for (let i = 0; i < 2; i++) {
    await run();
    collect();
  }
  // Later runs leave results behind that are not collected at once: they are not the program's.
  const { most } = resident();
  const times: number[] = [];
  const end = performance.now() + 1000 * (options.seconds ?? 1);
  while (times.length < 3 || (times.length < mostRuns && performance.now() < end)) {
    const began = performance.now();
    await run();
    times.push((performance.now() - began) / 1000);
    options.onProgress?.(times.length);
  }
  times.sort((a, b) => a - b);
  return {
    arenaBytes,
    hostBytes,
    floorBytes,
    peakBytes: Math.max(0, most - floorBytes),
    isPeakItsOwn,
    secondsPerRun: times[times.length >> 1],
    runs: times.length,
  };
}

/** A small program is run by all threads, so that they and what the engine takes for work are there. */
async function warmUp(backend: BackendName | "auto"): Promise<void> {
  const init: Initializer = (random) => () => random.uniform();
  const parameter = new Parameter({ name: "x", shape: [2 ** 20], dtype: "float32", init });
  const step = { outputs: {}, updates: [{ parameter, value: tensorOf(parameter).add(1) }] };
  const count = { shape: [], dtype: "int32" } as const;
  const small = compile(({ count }) => ({ updates: repeat(step, count).updates }), { count }, { backend });
  await small.run({ count: 2 });
}

function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

function numbersFor(graph: GraphProgram): { [name: string]: TypedArray } {
  const entries = graph.inputs.map(({ attrs: { name }, dtype, shape }) => {
    const values = allocate(dtype, sizeOf(shape));
    if (isFloat(dtype)) for (let i = 0; i < values.length; i++) values[i] = Math.sin(i);
    return [name, values] as const;
  });
  return Object.fromEntries(entries);
}
