import { bytesOf } from "../graph/dtype.ts";
import { InternalError } from "../graph/errors.ts";
import { type Axis, type Kernel, readsOf, scalarsOf } from "./kernel.ts";
import type { Affine, Buffer, Index, Step } from "./loop.ts";

/**
 * Checks what the passes before it promise: every buffer lies in the arena, every access lies in its buffer for all
 * turns of all loops around it, and no kernel reads what it writes except at the point that it writes.
 */
export function verify(
  steps: readonly Step<Kernel>[],
  buffers: readonly Buffer[],
  shared: ReadonlyMap<Buffer, Buffer>,
  bytes: number,
): void {
  for (const b of buffers) {
    const inside =
      b.offset >= 0 && (b.offset + b.length * bytesOf[b.dtype] <= bytes || b.length === 0 || !isUsed(b, steps));
    if (!inside) throw new InternalError(`buffer ${b.id} lies outside the arena`);
    const home = shared.get(b);
    if (home && home.offset !== b.offset) throw new InternalError(`buffer ${b.id} does not lie where it is shared`);
  }
  walk(steps, []);
  checkOrder(steps, shared, new Set());
}

/** Nothing is read before it is written. */
function checkOrder(steps: readonly Step<Kernel>[], shared: ReadonlyMap<Buffer, Buffer>, written: Set<Buffer>): void {
  const home = (b: Buffer) => shared.get(b) ?? b;
  const read = (b: Buffer, who: string) => {
    // A loop without turns writes nothing, and what has no elements needs no writing.
    const { kind } = home(b);
    const inside = (kind === "temporary" || kind === "carry") && b.length > 0;
    if (inside && !written.has(home(b))) throw new InternalError(`${who} reads buffer ${b.id} before it is written`);
  };
  for (const step of steps) {
    if (step.kind === "launch") {
      for (const b of readsOf(step.kernel)) read(b, step.kernel.name);
      for (const s of step.kernel.stores) written.add(home(s.buffer));
    } else if (step.kind === "branch") {
      read(step.flag.buffer, "a branch");
      checkOrder(step.yes, shared, written);
      checkOrder(step.no, shared, written);
    } else if (step.kind === "repeat") {
      if (step.count) read(step.count.buffer, "a loop");
      checkOrder(step.body, shared, written);
    } else {
      checkOrder(step.test, shared, written);
      read(step.flag.buffer, "a loop");
      checkOrder(step.body, shared, written);
    }
  }
}

function isUsed(buffer: Buffer, steps: readonly Step<Kernel>[]): boolean {
  return steps.some((s) => {
    if (s.kind === "launch") return s.kernel.stores.some((store) => store.buffer === buffer);
    if (s.kind === "branch") return isUsed(buffer, [...s.yes, ...s.no]);
    return isUsed(buffer, s.kind === "while" ? [...s.test, ...s.body] : s.body);
  });
}

function walk(steps: readonly Step<Kernel>[], loops: readonly Axis[]): void {
  for (const step of steps) {
    if (step.kind === "launch") checkKernel(step.kernel, loops);
    else if (step.kind === "repeat") walk(step.body, [...loops, { index: step.index, size: step.length }]);
    else if (step.kind === "branch") walk([...step.yes, ...step.no], loops);
    else {
      const turns = step.limit ?? Number.POSITIVE_INFINITY;
      walk([...step.test, ...step.body], [...loops, { index: step.index, size: turns }]);
    }
  }
}

const runningAxes = ({ running }: Kernel): Axis[] => (running ? [running.axis] : []);

function checkKernel(kernel: Kernel, loops: readonly Axis[]): void {
  const axes = [...loops, ...kernel.axes, ...(kernel.reduction?.axes ?? []), ...runningAxes(kernel)];
  if (axes.some((axis) => axis.size === 0)) return;
  const size = new Map<Index, number>(axes.map((axis) => [axis.index, axis.size]));
  const check = (buffer: Buffer, a: Affine, moved = 0) => {
    let [low, high] = [a.offset, a.offset + moved];
    for (const { index, scale } of a.terms) {
      const n = size.get(index);
      if (n === undefined) throw new InternalError(`${kernel.name} uses a counter of no loop around it`);
      if (scale < 0) low += scale * (n - 1);
      else high += scale * (n - 1);
    }
    if (low < 0 || high >= buffer.length) {
      throw new InternalError(`${kernel.name} reaches elements ${low} to ${high} of a buffer of ${buffer.length}`);
    }
  };
  for (const s of kernel.stores) check(s.buffer, s.at, s.moving ? (s.moving.size - 1) * s.moving.scale : 0);
  for (const s of scalarsOf(kernel)) {
    if (s.kind !== "load" || s.guards.length > 0) continue;
    check(s.buffer, s.at, s.moving ? (s.moving.size - 1) * s.moving.scale : 0);
  }
}
