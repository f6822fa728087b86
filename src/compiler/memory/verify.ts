import { bytesOf, type TypedArray } from "../../graph/dtype.ts";
import { InternalError, PondusError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { ops } from "../../graph/ops.ts";
import { type Axis, eachScalar, type Guard, type Kernel, type Moving, readsOf, type Scalar } from "../ir/kernel.ts";
import type { Affine, Buffer, Index, Step } from "../ir/loop.ts";
import { counterOf, partsOf } from "../ir/steps.ts";
import { usesOf } from "../ir/uses.ts";
import { boundsOf, type Lengths } from "./bounds.ts";

/**
 * Checks what the passes before it promise: every buffer lies in the arena, with all the copies that threads have of it;
 * every access lies in its buffer whatever iteration the loops around it are in; and nothing is read before it is written.
 *
 * What no iteration reaches is not looked at, and nothing else is left out: a guarded access is proved under its guards, and one
 * at a position that is looked up wherever the clamp, or the index's own numbers, let it go.
 *
 * @throws `program.large` where a guarded array has more elements than an int32 counts
 */
export function verify(
  steps: readonly Step<Kernel>[],
  buffers: readonly Buffer[],
  aliases: ReadonlyMap<Buffer, Buffer>,
  bytes: number,
  threads = 1,
): void {
  const lengths = new Map<Index, number>();
  walk(steps, lengths);
  for (const b of buffers) {
    const { offset, length, stride = 0, iteration } = b;
    const copies = stride === 0 ? 1 : iteration ? (lengths.get(iteration) ?? 0) : threads;
    const end = offset + (copies - 1) * stride + length * bytesOf[b.dtype];
    if (!(offset >= 0 && (end <= bytes || length === 0 || !isUsed(b, steps)))) {
      throw new InternalError(`buffer ${b.id} lies outside the arena`);
    }
    const home = aliases.get(b);
    if (home && home.offset !== b.offset) throw new InternalError(`buffer ${b.id} does not lie where it is shared`);
  }
  checkOrder(steps, aliases, new Set());
}

/** Nothing is read before it is written. */
function checkOrder(steps: readonly Step<Kernel>[], aliases: ReadonlyMap<Buffer, Buffer>, written: Set<Buffer>): void {
  const home = (b: Buffer) => aliases.get(b) ?? b;
  const read = (b: Buffer, who: string) => {
    // A loop without iterations writes nothing, and what has no elements needs no writing.
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
      const [yes, no] = [new Set(written), new Set(written)];
      checkOrder(step.yes, aliases, yes);
      checkOrder(step.no, aliases, no);
      // After it there is what either side wrote.
      for (const b of yes) if (no.has(b)) written.add(b);
    } else {
      for (const { place, steps } of partsOf(step)) {
        if (place) read(place.buffer, "a loop");
        else checkOrder(steps, aliases, written);
      }
    }
  }
}

function isUsed(buffer: Buffer, steps: readonly Step<Kernel>[]): boolean {
  return steps.some((s) => usesOf(s).writes.has(buffer));
}

/** Checks every access of some steps; `iterations` are those of the loops around them, and all that were met are left in it. */
function walk(steps: readonly Step<Kernel>[], lengths: Map<Index, number>): void {
  for (const step of steps) {
    if (step.kind === "launch") checkKernel(step.kernel, lengths);
    const counter = counterOf(step);
    if (counter) lengths.set(counter.index, counter.iterations);
    for (const { place, steps } of partsOf(step)) {
      if (place) checkAccess(`a ${step.kind}'s flag or count`, place.buffer, place.at, [], undefined, lengths);
      else if (!counter || counter.iterations > 0) walk(steps, lengths);
    }
  }
}

function checkKernel({ name, axes, reduction, running, stores }: Kernel, around: Lengths): void {
  const lengths = new Map(around);
  const loop = (list: readonly Axis[]) => {
    for (const { index, size } of list) lengths.set(index, size);
    return list.every(({ size }) => size > 0);
  };
  const loads = (...roots: readonly (Scalar | undefined)[]) =>
    eachScalar(
      roots.filter((s) => s !== undefined),
      (s) => s.kind === "load" && checkAccess(name, s.buffer, s.at, s.guards, s.moving, lengths),
    );
  if (!loop(axes)) return;
  // What a reduction over nothing would add up is not read; what is stored is written all the same.
  if (reduction && loop(reduction.axes)) loads(reduction.value);
  if (running) {
    loads(running.start);
    if (!loop([running.axis])) return;
    loads(running.factor, running.term);
  }
  for (const s of stores) {
    loads(s.value, s.moving?.position);
    checkAccess(name, s.buffer, s.at, [], s.moving, lengths);
  }
}

function checkAccess(
  what: string,
  buffer: Buffer,
  a: Affine,
  guards: readonly Guard[],
  moving: Moving | undefined,
  lengths: Lengths,
): void {
  for (const { index } of [a, ...guards.map((g) => g.at)].flatMap((x) => x.terms)) {
    if (!lengths.has(index)) throw new InternalError(`${what} uses a counter of no loop around it`);
  }
  // Where a guard never holds, nothing is read.
  const neverHolds = ({ at, from, to }: Guard) => {
    const { low, high } = boundsOf(at, lengths, []);
    return from >= to || high < from || low >= to;
  };
  if (guards.some(neverHolds)) return;
  const bounds = boundsOf(a, lengths, guards);
  const [first, last] = moving ? reachOf(what, moving) : [0, 0];
  const [low, high] = [bounds.low + first, bounds.high + last];
  if (!(low >= 0 && high < buffer.length)) {
    throw new InternalError(`${what} reaches elements ${low} to ${high} of a buffer of ${buffer.length}`);
  }
  if (guards.length > 0 && high >= 2 ** 31) {
    throw new PondusError(
      "program.large",
      `${what}: padding, or an index into what was padded, reaches element ${high}, and int32 counts to ${2 ** 31 - 1}; ` +
        "use a smaller batch.",
    );
  }
}

/** How far from its place an access at a position that is looked up may go. */
function reachOf(what: string, { position, scale, size, inRange }: Moving): readonly [number, number] {
  if (size <= 0) throw new InternalError(`${what} looks an entry up where there is none`);
  if (inRange && !(position.kind === "load" && position.buffer.holds && liesIn(position.buffer.holds, size))) {
    throw new InternalError(`${what} looks an entry up that may be out of range`);
  }
  const furthest = (size - 1) * scale;
  return [Math.min(0, furthest), Math.max(0, furthest)];
}

const checked = new WeakMap<TypedArray, { low: number; high: number }>();

/** Whether a node holds nothing but numbers of the program, all of them in [0, size), or zeros beside them. */
function liesIn(node: Node, size: number): boolean {
  if (ops[node.op].class === "movement") return liesIn(node.inputs[0], size);
  if (!node.is("data")) return false;
  const { data } = node.attrs;
  let known = checked.get(data);
  if (!known) {
    known = { low: 0, high: 0 };
    for (const x of data) {
      if (x < known.low) known.low = x;
      if (x > known.high) known.high = x;
    }
    checked.set(data, known);
  }
  return known.low >= 0 && known.high < size;
}
