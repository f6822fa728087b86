import type { Node, Origin, Reason } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import { type Batched, led } from "./samples.ts";

/** What reasons tell from, of why numbers that `outputs` need may be none: it need not be below the outputs. */
export function toldFrom(outputs: readonly Node[]): readonly Node[] {
  const reasons = new Set(topological(outputs).flatMap((node) => node.origin?.reason ?? []));
  return [...reasons].flatMap(({ from }) => from);
}

/** Origins whose reasons tell from the numbers of all samples, where a sample's have been `made` so. */
export function originsForAll(
  made: ReadonlyMap<Node, Batched>,
  size: number,
): (origin: Origin | undefined) => Origin | undefined {
  const known = new Map<Reason, Reason>();
  const forAll = (reason: Reason): Reason => {
    const from = reason.from.map((x) => led(made.get(x) ?? { node: x, has: false }, size));
    return { of: made.get(reason.of)?.node ?? reason.of, from, tell: (numbers) => reason.tell(numbers) };
  };
  return (origin) => {
    const reason = origin?.reason;
    if (!origin || !reason?.from.some((x) => made.has(x))) return origin;
    const all = known.get(reason) ?? forAll(reason);
    known.set(reason, all);
    const { label } = origin;
    return {
      get place() {
        return origin.place;
      },
      label,
      reason: all,
    };
  };
}
