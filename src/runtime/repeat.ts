import { close, formal } from "../graph/body.ts";
import { built, type While } from "../graph/control.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape } from "../graph/shape.ts";
import type { Tensors } from "../tensor/control.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Update } from "./program.ts";

/** One step: what it reports, and the parameters that it changes. */
export interface Step<O extends Tensors = Tensors> {
  readonly outputs: O;
  readonly updates: readonly Update[];
}

/**
 * Many steps as one: the step runs `count` times inside the program, each time on the parameters that the one before
 * left, and stops early after a step for which `goOn` is false.
 *
 * @param count  int32 scalar; how often, known only when it runs
 * @throws `control.type` when `count` is not one int32, `control.type` when the step reports something of that name
 * @returns the last step's outputs, the number of steps taken as `steps`, and the parameters' last values
 */
export function repeat<O extends Tensors>(
  step: Step<O>,
  count: Tensor,
  goOn?: (outputs: O) => Tensor,
): Step<O & { steps: Tensor }> {
  if (count.dtype !== "int32" || count.rank !== 0) {
    throw new PondusError(
      "control.type",
      `repeat: the count must be one int32, but it is ${count.dtype} ${formatShape(count.shape)}` +
        `${describeOrigin(count.node.origin)}.`,
    );
  }
  if ("steps" in step.outputs) {
    throw new PondusError(
      "control.type",
      "repeat: `steps` is how many steps were taken, but the step reports something of that name; call it otherwise.",
    );
  }
  const names = Object.keys(step.outputs);
  const reported = Object.values(step.outputs).map((x) => x.node);
  const homes = step.updates.map((u) => make("parameter", [], { parameter: u.parameter }));
  const inside = homes.map(formal);
  const replacements = new Map(homes.map((home, i) => [home, inside[i]]));
  const [zero, one] = [0, 1].map((value) => make("constant", [], { value, dtype: "int32" }));
  const index = formal(zero);
  const alive = formal({ shape: [], dtype: "bool" });
  const last = reported.map(formal);
  const more = goOn?.(step.outputs).node ?? make("constant", [], { value: 1, dtype: "bool" });
  const body = [more, ...reported, ...step.updates.map((u) => u.value.node)];
  const carry = [index, alive, ...last, ...inside];
  const counted = make("lt", [index, count.node], {});
  const test = make("and", [counted, alive], {});
  const closed = close([test, make("add", [index, one], {}), ...body], carry, replacements);
  const yes = make("constant", [], { value: 1, dtype: "bool" });
  const blank = reported.map(
    (y) => new Tensor(make("constant", [], { value: 0, dtype: y.dtype })).expand(y.shape).node,
  );
  const [goesOn, ...next] = closed.outputs;
  const first = [zero, yes, ...blank, ...homes];
  const loop: While = {
    op: "while",
    limit: undefined,
    test: goesOn,
    carry: carry.map((formal, i) => ({ formal, input: first[i], next: next[i] })),
    xs: [],
    captured: closed.captured,
    outs: [],
  };
  const result = built(loop);
  const [steps, , ...values] = loop.carry.map((c) => new Tensor(result(c)));
  return {
    outputs: { ...Object.fromEntries(names.map((name, i) => [name, values[i]])), steps } as O & {
      steps: Tensor;
    },
    updates: step.updates.map((u, i) => ({ parameter: u.parameter, value: values[names.length + i] })),
  };
}
