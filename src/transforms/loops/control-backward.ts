import { formal } from "../../graph/body.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import { orZeros, present, result } from "../zero.ts";
import { type Cotangents, loopBackward, type Pullback } from "./loop-backward.ts";

/** Reverse mode through loops and branches: cotangents of the node's inputs from those of its results. */
export function controlBackward(node: Node, cts: Cotangents, pull: Pullback): Cotangents {
  if (node.is("scan") || node.is("while")) return loopBackward(node, cts, pull);
  return condBackward(node as Node<"cond">, cts, pull);
}

/** Each branch's gradient is a branch of the backward `cond`; it computes again what it needs of the forward one. */
function condBackward(node: Node<"cond">, cts: Cotangents, pull: Pullback): Cotangents {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const cotangents = whenTrue.map((y, i) => (cts[i] ? formal(y) : undefined));
  const [yes, no] = [pull(whenTrue, cotangents, captured), pull(whenFalse, cotangents, captured)];
  const moved = captured.flatMap((_, i) => (yes[i] || no[i] ? [i] : []));
  const branches = [yes, no].map((back) => moved.map((i) => orZeros(back[i], captured[i])));
  const read = new Set(topological(branches.flat()));
  const used = captured.flatMap((n, i) => (read.has(n) ? [i] : []));
  const backward = make(
    "cond",
    [node.inputs[0], ...used.map((i) => node.inputs[1 + i]), ...present(whenTrue.map((_, i) => cts[i]))],
    {
      captured: [...used.map((i) => captured[i]), ...present(cotangents)],
      whenTrue: branches[0],
      whenFalse: branches[1],
    },
  );
  return [undefined, ...captured.map((_, i) => (moved.includes(i) ? result(backward, moved.indexOf(i)) : undefined))];
}
