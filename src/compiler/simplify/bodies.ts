import { bodiesOf, controlOf, makeControl, withBodies } from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";

/** `node` with `pass` applied to the body of the loop or to both branches; any other node as it is. */
export function mapBodies(node: Node, pass: (roots: readonly Node[]) => readonly Node[]): Node {
  const control = controlOf(node);
  if (!control) return node;
  const before = bodiesOf(control).flat();
  const results = pass(before);
  return before.every((x, i) => x === results[i]) ? node : makeControl(withBodies(control, results));
}
