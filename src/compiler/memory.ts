import { bytesOf } from "../graph/dtype.ts";
import { type Kernel, readsOf } from "./kernel.ts";
import type { Buffer, Step } from "./loop.ts";

/** Buffers start at multiples of a cache line, which is also the widest vector. */
const alignment = 64;

/** First and last step, in the order of a walk through the program, at which a buffer's content matters. */
interface Lifetime {
  first: number;
  last: number;
}

/**
 * Gives every buffer its place in one arena, so that buffers whose lives do not overlap share memory: largest first,
 * each at the lowest place where it fits (Pisarchyk & Lee, arXiv:2001.03288, "greedy by size").
 *
 * @returns the arena's size in bytes
 */
export function planMemory(
  steps: readonly Step<Kernel>[],
  buffers: readonly Buffer[],
  shared: ReadonlyMap<Buffer, Buffer>,
): number {
  const lives = lifetimes(steps, shared);
  const placed: { offset: number; bytes: number; life: Lifetime }[] = [];
  const bytes = (b: Buffer) => Math.max(1, Math.ceil((b.length * bytesOf[b.dtype]) / alignment)) * alignment;
  const always: Lifetime = { first: -1, last: Number.POSITIVE_INFINITY };
  const homes = buffers.filter((b) => !shared.has(b));
  const life = (b: Buffer) => (b.kind === "temporary" || b.kind === "carry" ? lives.get(b) : always);
  let total = 0;
  for (const buffer of homes.sort((a, b) => bytes(b) - bytes(a))) {
    const own = life(buffer);
    if (!own) {
      buffer.offset = 0;
      continue;
    }
    const size = bytes(buffer);
    let offset = 0;
    for (const other of placed) {
      if (other.offset >= offset + size) break;
      const overlaps = other.life.first <= own.last && own.first <= other.life.last;
      if (overlaps) offset = Math.max(offset, other.offset + other.bytes);
    }
    buffer.offset = offset;
    placed.splice(placeFor(offset, placed), 0, { offset, bytes: size, life: own });
    total = Math.max(total, offset + size);
  }
  for (const [made, home] of shared) made.offset = home.offset;
  return total;
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
 * Numbers the steps in the order of a walk. What a loop's body shares with the outside lives through the whole loop,
 * since the next turn needs it; what only the body uses lives within a turn.
 */
function lifetimes(steps: readonly Step<Kernel>[], shared: ReadonlyMap<Buffer, Buffer>): Map<Buffer, Lifetime> {
  const lives = new Map<Buffer, Lifetime>();
  const spans: { first: number; last: number; uses: Map<Buffer, number> }[] = [];
  const total = new Map<Buffer, number>();
  let now = 0;
  const use = (buffer: Buffer) => {
    const home = shared.get(buffer) ?? buffer;
    const life = lives.get(home) ?? { first: now, last: now };
    lives.set(home, { first: Math.min(life.first, now), last: Math.max(life.last, now) });
    total.set(home, (total.get(home) ?? 0) + 1);
    for (const span of open) span.uses.set(home, (span.uses.get(home) ?? 0) + 1);
  };
  const open: (typeof spans)[number][] = [];
  const loop = (walkBody: () => void) => {
    const span = { first: now, last: now, uses: new Map<Buffer, number>() };
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
        readsOf(step.kernel).forEach(use);
        for (const s of step.kernel.stores) use(s.buffer);
      } else if (step.kind === "repeat") loop(() => walk(step.body));
      else if (step.kind === "while") {
        loop(() => {
          walk(step.test);
          use(step.flag.buffer);
          walk(step.body);
        });
      } else {
        use(step.flag.buffer);
        walk(step.yes);
        walk(step.no);
      }
    }
  };
  walk(steps);
  for (const { first, last, uses } of spans) {
    for (const [buffer, count] of uses) {
      const life = lives.get(buffer) as Lifetime;
      const outside = count < (total.get(buffer) as number);
      const carried = buffer.kind === "carry" || outside;
      if (carried) lives.set(buffer, { first: Math.min(life.first, first), last: Math.max(life.last, last) });
    }
  }
  return lives;
}
