import type { BackendName } from "../../backends/backend.ts";
import type { DType } from "../../graph/dtype.ts";
import { ops } from "../../graph/ops.ts";
import { Parameter } from "../../graph/parameter.ts";
import { tensorOf } from "../../optim/optimizer.ts";
import { compile, repeat, type Update } from "../../runtime/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface Rates {
  /** Operations per second of a matrix product whose operands fit the cache. */
  readonly products: PerType;
  /** Operations per second, as the op table counts them, of a chain of functions of each element, in the cache. */
  readonly elementwise: PerType;
  /** Divisions and roots per second, in the cache. */
  readonly divisions: PerType;
  /** Bytes per second that a chain moves, read and written, by the bytes of the arena that it goes through, ascending. */
  readonly bandwidth: readonly { readonly arena: number; readonly rate: number }[];
  /** The first of these, within the cache, and the last, far beyond it. */
  readonly cache: number;
  readonly memory: number;
  /** Seconds that one run of a program costs beside its work. */
  readonly run: number;
  /** Seconds that one kernel costs beside its work. */
  readonly launch: number;
  /** How busy the processors were just before, of 1; 0 where the system does not tell. */
  readonly busy?: number;
}

export interface PerType {
  readonly float32: number;
  readonly float64: number;
}

/** Seconds for which one thing is measured at a time: long beside a call, short beside what else runs on the machine. */
const slice = 0.003;

/** How often everything is measured, one after another. */
const rounds = 16;

/** Work that depends on the iteration before, so that no compiler can do it once for all. */
interface Exercise {
  /** What one iteration changes. */
  readonly updates: readonly Update[];
  /** The units of work in one iteration. */
  readonly units: number;
}

/** Measures everything for some `slice * rounds` seconds; the best moment counts. `onProgress` is told which part is done. */
export async function measureRates(
  backend: BackendName,
  threads: number,
  onProgress: (done: number) => void = () => {},
): Promise<Rates> {
  const sizes = [2 ** 20 * threads, 2 ** 23 * threads, 2 ** 26, 2 ** 27].filter(
    (n, i, all) => i === 0 || n > all[i - 1],
  );
  const exercises: Exercise[] = [
    product("float32", threads),
    product("float64", threads),
    functions("float32", threads),
    functions("float64", threads),
    divisions("float32", threads),
    divisions("float64", threads),
    tiny(),
    ...sizes.map(sweep),
  ];
  const timeOf = await loops(backend, exercises);
  const call = await emptyCall(backend);
  const best = exercises.map(() => ({ seconds: Number.POSITIVE_INFINITY, count: 1 }));
  const counts = exercises.map(() => 1);
  let nothing = Number.POSITIVE_INFINITY;
  let run = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    nothing = Math.min(nothing, await timeOf(-1, 0));
    run = Math.min(run, await call(slice));
    for (let i = 0; i < exercises.length; i++) {
      // The first call finds memory that has not been touched yet.
      if (round === 0) await timeOf(i, 1);
      const seconds = await timeOf(i, counts[i]);
      const isBetter = seconds / counts[i] < best[i].seconds / best[i].count;
      if (isBetter && seconds > slice / 2) best[i] = { seconds, count: counts[i] };
      counts[i] = Math.max(counts[i], Math.ceil((slice * counts[i]) / seconds));
    }
    onProgress((round + 1) / rounds);
  }
  const reached = best.map(({ seconds, count }, i) => (exercises[i].units * count) / (seconds - nothing));
  const [product32, product64, functions32, functions64, divisions32, divisions64, kernels, ...swept] = reached;
  // What a program in a larger arena reaches, one in a smaller arena would have in a better moment.
  const bandwidth = sizes.map((arena, i) => ({ arena, rate: Math.max(...swept.slice(i)) }));
  return {
    products: { float32: product32, float64: product64 },
    elementwise: { float32: functions32, float64: functions64 },
    divisions: { float32: divisions32, float64: divisions64 },
    bandwidth,
    cache: bandwidth[0].rate,
    memory: bandwidth[bandwidth.length - 1].rate,
    run,
    launch: 1 / kernels,
  };
}

/** One program with a loop for each exercise; the function that it gives runs one of them, and says for how long. */
async function loops(backend: BackendName, exercises: readonly Exercise[]) {
  const names = exercises.map((_, i) => `counts${i}`);
  const program = compile(
    (counts) => ({
      updates: exercises.flatMap(({ updates }, i) => repeat({ outputs: {}, updates }, counts[names[i]]).updates),
    }),
    Object.fromEntries(names.map((name) => [name, { shape: [], dtype: "int32" } as const])),
    { backend },
  );
  await program.load();
  return (which: number, count: number) =>
    secondsOf(() => program.run(Object.fromEntries(names.map((name, i) => [name, i === which ? count : 0]))));
}

/** The function that it gives runs the smallest of programs for so many seconds, and says how long one run takes. */
async function emptyCall(backend: BackendName) {
  const program = compile(({ x }) => ({ y: x.add(1) }), { x: [1] }, { backend });
  const x = new Float32Array(1);
  await program.run({ x });
  return async (seconds: number) => {
    let runs = 0;
    const all = await secondsOf(async () => {
      for (const end = performance.now() + 1000 * seconds; performance.now() < end; runs++) await program.run({ x });
    });
    return all / runs;
  };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function state(shape: readonly number[], init: number, dtype: DType): { parameter: Parameter; x: Tensor } {
  const parameter = new Parameter({ name: "state", shape, dtype, init: () => init });
  return { parameter, x: tensorOf(parameter) };
}

/** Two products in a row, so that the second writes where the first has read. */
function product(dtype: keyof PerType, threads: number): Exercise {
  const [rows, width] = [256 * threads, 256];
  const { parameter, x } = state([rows, width], 1, dtype);
  // Rows of averages: the numbers stay as large as they are.
  const weight = state([width, width], 1 / width, dtype).x;
  const value = x.matmul(weight).matmul(weight);
  return { updates: [{ parameter, value }], units: 2 * ops.contract.flops * rows * width ** 2 };
}

function functions(dtype: keyof PerType, threads: number): Exercise {
  const count = 2 ** 16 * threads;
  const { parameter, x } = state([count], 0.5, dtype);
  const value = x.tanh().mul(0.5).add(0.25);
  return { updates: [{ parameter, value }], units: (ops.tanh.flops + ops.mul.flops + ops.add.flops) * count };
}

/** A root and a division, as Adam has them for every knob. */
function divisions(dtype: keyof PerType, threads: number): Exercise {
  const count = 2 ** 16 * threads;
  const { parameter, x } = state([count], 0.5, dtype);
  return { updates: [{ parameter, value: x.div(x.sqrt().add(0.5)) }], units: 2 * count };
}

/** Goes through an arena of so many bytes. */
function sweep(bytes: number): Exercise {
  const { parameter, x } = state([bytes / 4], 0, "float32");
  return { updates: [{ parameter, value: x.mul(0.5).add(0.25) }], units: 2 * bytes };
}

/** Kernels with next to nothing to do. */
function tiny(): Exercise {
  const { parameter, x } = state([2, 2], 1, "float32");
  const weight = state([2, 2], 0.5, "float32").x;
  let value = x;
  const kernels = 16;
  for (let i = 0; i < kernels; i++) value = value.matmul(weight);
  return { updates: [{ parameter, value }], units: kernels };
}
