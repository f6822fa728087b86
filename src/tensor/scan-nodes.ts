import { close, formal } from "../graph/body.ts";
import { built, type Scan } from "../graph/control.ts";
import type { Node } from "../graph/node.ts";

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
  const [last, stacked] = [closed.outputs.slice(0, carry.length), closed.outputs.slice(carry.length)];
  const loop: Scan = {
    op: "scan",
    length,
    reverse,
    carry: init.map((input, i) => ({ formal: carry[i], input, next: last[i] })),
    xs: xs.map((input, i) => ({ formal: slices[i], input })),
    captured: closed.captured,
    outs: stacked.map((y) => ({ values: [y] })),
  };
  const result = built(loop);
  return { carry: loop.carry.map(result), out: loop.outs.map(result) };
}
