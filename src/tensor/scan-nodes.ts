import { close, formal } from "../graph/body.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";

/** The results of a loop or branch, from number `from` on. */
export const picks = (control: Node, count: number, from = 0): Node[] =>
  Array.from({ length: count }, (_, i) => make("result", [control], { index: from + i }));

/**
 * A loop of known length over nodes: `body` turns the carry and a slice of each sequence into the next carry, of the same
 * types, and outputs, which are stacked.
 */
export function scanNodes(
  init: readonly Node[],
  xs: readonly Node[],
  length: number,
  reverse: boolean,
  body: (carry: Node[], slices: Node[]) => { readonly next: readonly Node[]; readonly out: readonly Node[] },
): { carry: Node[]; out: Node[] } {
  const carry = init.map(formal);
  const slices = xs.map((x) => formal({ shape: x.shape.slice(1), dtype: x.dtype }));
  const { next, out } = body(carry, slices);
  const closed = close([...next, ...out], [...carry, ...slices]);
  const node = make("scan", [...init, ...xs, ...closed.sources], {
    length,
    reverse,
    carry,
    xs: slices,
    captured: closed.captured,
    next: closed.outputs.slice(0, carry.length),
    ys: closed.outputs.slice(carry.length),
  });
  return { carry: picks(node, carry.length), out: picks(node, out.length, carry.length) };
}
