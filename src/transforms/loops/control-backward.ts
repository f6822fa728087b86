import { formal, type Slot } from "../../graph/body.ts";
import { alongInputs, type Branch, bodiesOf, built, controlOf, type Result, resultsOf } from "../../graph/control.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import { orZeros, paired, present } from "../zero.ts";
import { type Cotangents, loopBackward, type Pullback } from "./loop-backward.ts";

/** Reverse mode through loops and branches: cotangents of the node's inputs from those of its results. */
export function controlBackward(node: Node, cts: Cotangents, pull: Pullback): Cotangents {
  const control = controlOf(node);
  if (!control) throw new InternalError(`${node.op} is neither a loop nor a branch`);
  const given = paired(resultsOf(control), cts);
  const back =
    control.op === "cond" ? branchBackward(control, given, pull) : loopBackward(control, given, pull, node.origin);
  return alongInputs(control, back);
}

/** Each branch's gradient is a branch of the backward `cond`; it computes again what it needs of the forward one. */
function branchBackward(
  branch: Branch,
  cts: ReadonlyMap<Result, Node | undefined>,
  pull: Pullback,
): (slot: Slot) => Node | undefined {
  const { captured, outs } = branch;
  const cotangents = outs.map((y) => {
    const input = cts.get(y);
    return input && { formal: formal(y.values[0]), input };
  });
  const [yes, no] = bodiesOf(branch).map((side) =>
    pull(
      side,
      cotangents.map((ct) => ct?.formal),
      captured.map((s) => s.formal),
    ),
  );
  const sums = captured.map(({ formal: x }, i) =>
    yes[i] || no[i] ? { values: [orZeros(yes[i], x), orZeros(no[i], x)] } : undefined,
  );
  const moved = present(sums);
  const read = new Set(topological(moved.flatMap((y) => y.values)));
  const result = built({
    ...branch,
    captured: [...captured.filter((s) => read.has(s.formal)), ...present(cotangents)],
    outs: moved,
  });
  return (slot) => {
    const sum = sums[captured.indexOf(slot)];
    return sum && result(sum);
  };
}
