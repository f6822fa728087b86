import { isControl } from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";
import { bytesIn } from "../../graph/shape.ts";
import { resultTypes } from "../../graph/types.ts";
import type { Group } from "./group.ts";

/** A group on its way into the order. */
interface Entry {
  readonly group: Group;
  /** Its place in an order in which everything is computed as late as can be. */
  readonly rank: number;
  /** Groups that must run before and have not. */
  waitsFor: number;
  readonly dependents: Entry[];
  /** Bytes that are alive after it and were not before it. */
  growth: number;
}

/** A value that is read. */
interface Value {
  readonly bytes: number;
  /** Groups that have yet to read it. */
  readonly readers: Set<Entry>;
}

/**
 * An order in which groups can run with little alive at once: of all that may run next, always the one after which least
 * is alive. A weight is then updated as soon as its gradient can be computed, which frees what the gradient was made of;
 * what makes new values waits until they are wanted.
 *
 * @param lasting  values that have a place of their own from beginning to end
 */
export function schedule(groups: readonly Group[], lasting: ReadonlySet<Node>): Group[] {
  const entries = new Map<Group, Entry>();
  lazily(groups).forEach((group, rank) => {
    entries.set(group, { group, rank, waitsFor: group.needs.size, dependents: [], growth: 0 });
  });
  const values = new Map<Node, Value>();
  for (const entry of entries.values()) {
    for (const before of entry.group.needs) entries.get(before)?.dependents.push(entry);
    for (const x of entry.group.uses) {
      if (lasting.has(x)) continue;
      const value = values.get(x) ?? { bytes: bytesOfValue(x), readers: new Set() };
      values.set(x, value);
      value.readers.add(entry);
    }
  }
  for (const entry of entries.values()) {
    for (const x of madeBy(entry.group)) entry.growth += values.get(x)?.bytes ?? 0;
  }
  for (const value of values.values()) payLast(value);

  const ready = [...entries.values()].filter((e) => e.waitsFor === 0);
  const order: Group[] = [];
  while (ready.length > 0) {
    let best = 0;
    for (let i = 1; i < ready.length; i++) if (isBefore(ready[i], ready[best])) best = i;
    const entry = ready[best];
    ready[best] = ready[ready.length - 1];
    ready.pop();
    order.push(entry.group);
    for (const x of entry.group.uses) {
      const value = values.get(x);
      if (value?.readers.delete(entry)) payLast(value);
    }
    for (const next of entry.dependents) if (--next.waitsFor === 0) ready.push(next);
  }
  return order;
}

const isBefore = (a: Entry, b: Entry) => a.growth < b.growth || (a.growth === b.growth && a.rank < b.rank);

/** The last reader of a value frees it. */
function payLast({ bytes, readers }: Value): void {
  if (readers.size === 1) for (const reader of readers) reader.growth -= bytes;
}

const madeBy = ({ control, stored }: Group): Iterable<Node> => (control ? [control] : stored);

/** A loop's or branch's results count together. */
function bytesOfValue(node: Node): number {
  return isControl(node) ? sum(resultTypes(node).map(bytesIn)) : bytesIn(node);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/** All, each after what it needs and, from the last results back, no sooner than that asks for. */
function lazily(all: readonly Group[]): Group[] {
  const seen = new Set<Group>();
  const out: Group[] = [];
  for (const root of all) {
    const stack = seen.has(root) ? [] : [{ x: root, rest: root.needs.values() }];
    seen.add(root);
    while (stack.length > 0) {
      const { x, rest } = stack[stack.length - 1];
      const { value, done } = rest.next();
      if (done) {
        out.push(x);
        stack.pop();
      } else if (!seen.has(value)) {
        seen.add(value);
        stack.push({ x: value, rest: value.needs.values() });
      }
    }
  }
  return out;
}
