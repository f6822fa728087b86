import { bound } from "../graph/body.ts";
import { PondusError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { topological } from "../graph/walk.ts";
import { type Cotangents, type Pullback, result, scanBackward } from "./scan-backward.ts";
import { orZeros, present } from "./zero.ts";

/** Reverse mode through loops and branches: cotangents of the node's inputs from those of its results. */
export function controlBackward(node: Node, cts: Cotangents, pull: Pullback): Cotangents {
  if (node.is("scan")) return scanBackward(node, cts, pull);
  if (node.is("while")) return whileBackward(node, cts, pull);
  return condBackward(node as Node<"cond">, cts, pull);
}

/** A bounded while loop is a scan whose steps do nothing once the test fails; its gradient is that scan's. */
function whileBackward(node: Node<"while">, cts: Cotangents, pull: Pullback): Cotangents {
  const { limit, carry, captured, test, next } = node.attrs;
  if (limit === undefined) {
    throw new PondusError(
      "grad.unbounded",
      `grad: a whileLoop without a limit has no reverse-mode gradient${describeOrigin(node.origin)}; ` +
        "give { limit: n }, the most steps that it may take, or use jvp.",
    );
  }
  const step = make("cond", [test, ...carry, ...captured], {
    captured: [...carry, ...captured],
    whenTrue: next,
    whenFalse: carry,
  });
  const same = make("scan", node.inputs, {
    length: limit,
    reverse: false,
    carry,
    xs: [],
    captured,
    next: carry.map((_, i) => result(step, i)),
    ys: [],
  });
  return scanBackward(same, cts, pull);
}

/** Each branch's gradient is a branch of the backward `cond`; it computes again what it needs of the forward one. */
function condBackward(node: Node<"cond">, cts: Cotangents, pull: Pullback): Cotangents {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const formal = whenTrue.map((y, i) => (cts[i] ? bound(y) : undefined));
  const [yes, no] = [pull(whenTrue, formal, captured), pull(whenFalse, formal, captured)];
  const moved = captured.flatMap((_, i) => (yes[i] || no[i] ? [i] : []));
  const branches = [yes, no].map((back) => moved.map((i) => orZeros(back[i], captured[i])));
  const read = new Set(topological(branches.flat()));
  const used = captured.flatMap((n, i) => (read.has(n) ? [i] : []));
  const backward = make(
    "cond",
    [node.inputs[0], ...used.map((i) => node.inputs[1 + i]), ...present(whenTrue.map((_, i) => cts[i]))],
    {
      captured: [...used.map((i) => captured[i]), ...present(formal)],
      whenTrue: branches[0],
      whenFalse: branches[1],
    },
  );
  return [undefined, ...captured.map((_, i) => (moved.includes(i) ? result(backward, moved.indexOf(i)) : undefined))];
}
