import { bytesOf } from "../../graph/dtype.ts";
import type { Kernels } from "../ir/block.ts";
import { type Kernel, readsOf } from "../ir/kernel.ts";
import type { Buffer, Index, Location, Step } from "../ir/loop.ts";
import { partsOf } from "../ir/steps.ts";

type Repeat = Extract<Step<Kernel>, { kind: "repeat" }>;

/** Buffers start at multiples of a cache line, which is also the widest vector. */
const alignment = 64;

/** First and last step, in the order of a walk through the program, at which a buffer's content matters. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/** One arena for all buffers, and what is in it when. */
export interface MemoryPlan {
  /** The arena's size. */
  readonly bytes: number;
  readonly locations: ReadonlyMap<Buffer, Location>;
  readonly pieces: readonly Piece[];
  /** The number of every launch in the order of a walk, which lifetimes count in. */
  readonly launches: ReadonlyMap<Kernel, number>;
}

/** A part of the arena that belongs to a buffer for a while, or to all that the iterations of one loop keep to themselves. */
export interface Piece {
  readonly bytes: number;
  readonly life: Lifetime;
  readonly buffers: readonly Buffer[];
}

/** A piece, and where in it its buffers lie. */
interface Item extends Piece {
  readonly within: readonly number[];
  /** Of what a loop's iterations keep to themselves. */
  readonly copies?: Pick<Location, "stride" | "iteration">;
}

/**
 * A place for every buffer in one arena, so that buffers whose lives do not overlap share memory. What a loop whose
 * iterations run side by side keeps to itself has a place for every thread, or for every iteration where those are fewer. An input is
 * given anew for every run, so its memory is free once it was read; a result's is free until it is written.
 */
export function planMemory({ steps, aliases }: Kernels, buffers: readonly Buffer[], threads = 1): MemoryPlan {
  const { lives, loops, launches } = lifetimes(steps, aliases);
  const items: Item[] = [];
  const inside = new Set<Buffer>();
  for (const { life, own, index, length } of loops) {
    for (const b of own) inside.add(b);
    const parts = own.map((b) => itemOf(b, lives.get(b) as Lifetime));
    const { bytes: stride, offsets } = layOut(parts);
    const copies = { stride, iteration: length < threads ? index : undefined };
    const within = parts.map((part) => offsets.get(part) as number);
    items.push({ bytes: Math.min(threads, length) * stride, life, buffers: own, within, copies });
  }
  const locations = new Map<Buffer, Location>();
  for (const b of buffers) {
    if (aliases.has(b) || inside.has(b)) continue;
    const life = lifeOf(b, lives.get(b));
    if (life) items.push(itemOf(b, life));
    else locations.set(b, { offset: 0 });
  }
  const { bytes, offsets } = layOut(items);
  for (const item of items) {
    const begin = offsets.get(item) as number;
    item.buffers.forEach((b, k) => {
      locations.set(b, { offset: begin + item.within[k], ...item.copies });
    });
  }
  for (const [made, home] of aliases) locations.set(made, locations.get(home) as Location);
  return { bytes, locations, pieces: items, launches };
}

/** From before the first step to after the last one, as far as a buffer is seen outside. */
function lifeOf({ kind }: Buffer, used: Lifetime | undefined): Lifetime | undefined {
  const [before, after] = [-1, Number.POSITIVE_INFINITY];
  if (kind === "parameter" || kind === "data") return { first: before, last: after };
  if (kind === "input") return { first: before, last: used?.last ?? before };
  if (kind === "output") return { first: used?.first ?? before, last: after };
  return used;
}

const isOwn = ({ kind }: Buffer) => kind === "temporary" || kind === "carry";

function itemOf(b: Buffer, life: Lifetime): Item {
  const bytes = Math.max(1, Math.ceil((b.length * bytesOf[b.dtype]) / alignment)) * alignment;
  return { bytes, life, buffers: [b], within: [0] };
}

/**
 * Largest first, each at the lowest place where it fits (Pisarchyk & Lee, arXiv:2001.03288, "greedy by size").
 *
 * @returns where each lies, and the bytes that all take together
 */
function layOut(items: readonly Item[]): { bytes: number; offsets: ReadonlyMap<Item, number> } {
  const placed: { offset: number; end: number; first: number; last: number }[] = [];
  const offsets = new Map<Item, number>();
  let total = 0;
  for (const item of [...items].sort((a, b) => b.bytes - a.bytes)) {
    const { bytes, life } = item;
    const { first, last } = life;
    let offset = 0;
    // Pairs are many: an iterator would take longer than what is done with them.
    for (let i = 0; i < placed.length; i++) {
      const other = placed[i];
      if (other.offset >= offset + bytes) break;
      if (other.end > offset && other.first <= last && first <= other.last) offset = other.end;
    }
    offsets.set(item, offset);
    placed.splice(placeFor(offset, placed), 0, { offset, end: offset + bytes, first, last });
    total = Math.max(total, offset + bytes);
  }
  return { bytes: total, offsets };
}

/** Where an offset stands among placed ones, which are in order. */
function placeFor(offset: number, placed: readonly { readonly offset: number }[]): number {
  let [from, to] = [0, placed.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (placed[middle].offset <= offset) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Tells the buffers of a program where they lie. The one change that the compiler makes in place, when all is decided:
 * calls, flags and every instruction that reads or writes hold the buffers themselves.
 */
export function settle({ locations }: MemoryPlan): void {
  for (const [buffer, { offset, stride, iteration }] of locations) Object.assign(buffer, { offset, stride, iteration });
}

interface Lives extends Pick<MemoryPlan, "launches"> {
  readonly lives: ReadonlyMap<Buffer, Lifetime>;
  /** Loops whose iterations run side by side, with the buffers that nothing outside touches. */
  readonly loops: readonly ApartLoop[];
}

interface ApartLoop {
  readonly life: Lifetime;
  readonly own: readonly Buffer[];
  readonly index: Index;
  readonly length: number;
}

/**
 * Numbers the steps in the order of a walk. What a loop's body shares with the outside (inputs and results are the
 * outside's) lives through the whole loop, since the next iteration needs it; what only the body uses lives within an iteration.
 */
function lifetimes(steps: readonly Step<Kernel>[], aliases: ReadonlyMap<Buffer, Buffer>): Lives {
  const lives = new Map<Buffer, Lifetime>();
  const launches = new Map<Kernel, number>();
  const spans: { first: number; last: number; apart?: Repeat; uses: Map<Buffer, number> }[] = [];
  const total = new Map<Buffer, number>();
  let now = 0;
  const use = (buffer: Buffer) => {
    const home = aliases.get(buffer) ?? buffer;
    const life = lives.get(home) ?? { first: now, last: now };
    lives.set(home, { first: Math.min(life.first, now), last: Math.max(life.last, now) });
    total.set(home, (total.get(home) ?? 0) + 1);
    for (const span of open) span.uses.set(home, (span.uses.get(home) ?? 0) + 1);
  };
  const open: (typeof spans)[number][] = [];
  const loop = (apart: Repeat | undefined, walkBody: () => void) => {
    const span = { first: now, last: now, apart, uses: new Map<Buffer, number>() };
    spans.push(span);
    open.push(span);
    walkBody();
    open.pop();
    span.last = now++;
  };
  const walk = (list: readonly Step<Kernel>[]) => {
    for (const step of list) {
      now++;
      if (step.kind === "launch") {
        launches.set(step.kernel, now);
        readsOf(step.kernel).forEach(use);
        for (const s of step.kernel.stores) use(s.buffer);
      } else {
        // A loop's count is read again for every iteration, as its flag is.
        const parts = () => {
          for (const { place, steps } of partsOf(step)) {
            if (place) use(place.buffer);
            else walk(steps);
          }
        };
        if (step.kind === "branch") parts();
        else loop(step.kind === "repeat" && step.apart ? step : undefined, parts);
      }
    }
  };
  walk(steps);
  for (const { first, last, uses } of spans) {
    for (const [buffer, count] of uses) {
      const life = lives.get(buffer) as Lifetime;
      const outside = count < (total.get(buffer) as number);
      // An input is read again by the next iteration, and what an iteration leaves in a result must survive the next ones.
      const carried = buffer.kind !== "temporary" || outside;
      if (carried) lives.set(buffer, { first: Math.min(life.first, first), last: Math.max(life.last, last) });
    }
  }
  const loops = spans.flatMap(({ first, last, apart, uses }) => {
    const own = [...uses].flatMap(([b, count]) => (isOwn(b) && count === total.get(b) ? [b] : []));
    return apart && own.length > 0 ? [{ life: { first, last }, own, index: apart.index, length: apart.length }] : [];
  });
  return { lives, loops, launches };
}
