import { eachScalar, type Kernel, readsOf, type Scalar } from "../compiler/ir/kernel.ts";
import { type Buffer, type Step, scaleOf } from "../compiler/ir/loop.ts";
import { childrenOf, counterOf } from "../compiler/ir/steps.ts";
import { bytesOf } from "../graph/dtype.ts";
import type { OpName } from "../graph/node.ts";
import { ops } from "../graph/ops.ts";
import type { Work } from "./measured/roofline.ts";

/** A kernel of a program, and how often one run calls it. */
export interface Launch {
  readonly kernel: Kernel;
  readonly times: number;
}

/** All kernels in the order in which they run. A loop of unknown length counts with one iteration; of a branch, both sides count. */
export function launchesOf(steps: readonly Step<Kernel>[], times = 1): Launch[] {
  return steps.flatMap((step): Launch[] => {
    if (step.kind === "launch") return [{ kernel: step.kernel, times }];
    if (step.kind === "while")
      return [...launchesOf(step.test, times), ...launchesOf(step.body, times * (step.limit ?? 1))];
    return launchesOf(childrenOf(step), times * (counterOf(step)?.iterations ?? 1));
  });
}

/** What one call of a kernel does, and how often one run calls it. */
export interface KernelWork extends Work {
  readonly times: number;
}

export function workOfKernel(kernel: Kernel, times: number): KernelWork {
  const { axes, reduction, stores } = kernel;
  const points = product(axes.map((a) => a.size));
  const terms = product(reduction?.axes.map((a) => a.size) ?? [0]);
  const inside = new Set<Scalar>();
  let perTerm = reduction ? 1 : 0;
  let divisions = 0;
  const count = (op: OpName, times: number) => {
    if (op === "div" || op === "sqrt") divisions += points * times;
    return ops[op].flops;
  };
  eachScalar(reduction ? [reduction.value] : [], (s) => {
    inside.add(s);
    if (s.kind === "apply") perTerm += count(s.op, terms);
  });
  let perPoint = 0;
  eachScalar(
    stores.map((s) => s.value),
    (s) => {
      if (s.kind === "apply" && !inside.has(s)) perPoint += count(s.op, 1);
    },
  );
  return {
    times,
    flops: points * (terms * perTerm + perPoint),
    elementwise: points * perPoint,
    divisions,
    isProduct: reduction?.op === "sum" && terms > 1 && reduction.value.kind === "apply" && reduction.value.op === "mul",
    dtype: stores.some((s) => s.buffer.dtype === "float64") ? "float64" : "float32",
    bytes: [...touched(kernel)].reduce((sum, [{ dtype }, count]) => sum + bytesOf[dtype] * count, 0),
  };
}

/** Elements of every buffer that a call reads and writes. */
function touched(kernel: Kernel): Map<Buffer, number> {
  const { axes, reduction, stores } = kernel;
  const all = [...axes, ...(reduction?.axes ?? [])];
  const count = new Map<Buffer, number>();
  const touch = (buffer: Buffer, at: Parameters<typeof scaleOf>[0] | undefined) => {
    // A position known only when it runs may be any.
    const steps = at ? all.filter((axis) => scaleOf(at, axis.index) !== 0) : all;
    const elements = Math.min(buffer.length, product(steps.map((axis) => axis.size)));
    count.set(buffer, (count.get(buffer) ?? 0) + elements);
  };
  const seen = new Map<Buffer, Parameters<typeof scaleOf>[0] | undefined>();
  eachScalar([...stores.map((s) => s.value), ...(reduction ? [reduction.value] : [])], (s) => {
    if (s.kind === "load" && !seen.has(s.buffer)) seen.set(s.buffer, s.moving ? undefined : s.at);
  });
  for (const buffer of readsOf(kernel)) touch(buffer, seen.get(buffer));
  for (const s of stores) touch(s.buffer, s.moving ? undefined : s.at);
  return count;
}

const product = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);
