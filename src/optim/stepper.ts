import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import type { Node } from "../graph/node.ts";
import { Parameter } from "../graph/parameter.ts";
import { topological } from "../graph/walk.ts";
import type { Model } from "../nn/index.ts";
import { compile, repeat } from "../runtime/index.ts";
import { foldIn, key as keyOf } from "../tensor/random.ts";
import { Tensor } from "../tensor/tensor.ts";
import { allFinite, capture, type Snapshot } from "./checkpoint.ts";
import { type Optimizer, tensorOf } from "./optimizer.ts";
import { uniqueNames } from "./unique-names.ts";

/** A training step compiled so that many of them run in one call. */
export interface Stepper {
  /** Everything that a step changes, but the count of steps, by name. */
  readonly named: ReadonlyMap<string, Parameter>;
  /** Those among them that are trained, not state of the optimizer. */
  readonly trained: ReadonlyMap<string, Parameter>;
  /** What one step computes: the loss, then the new values. */
  readonly roots: readonly Node[];
  load(): Promise<unknown>;
  /** Steps taken since the training began. */
  steps(): number;
  setSteps(steps: number): void;
  /** Copies of all that a step changes, the count of steps too. */
  snapshot(): Snapshot;
  /** Takes `count` steps, or fewer when a loss is not finite: that step is the last. */
  run(count: number): Promise<{ loss: number; taken: number }>;
  /** Whether all that steps change is finite. */
  isFinite(): boolean;
}

/** Throws `train.loss` when the loss is no tensor, `train.input` when the loss needs an input, and what `Optimizer.minimize` throws. */
export function stepper(options: {
  readonly loss: Tensor | ((at: { readonly step: Tensor; readonly key: Tensor }) => Tensor);
  readonly optimizer: Optimizer;
  readonly parameters?: Model;
  readonly seed?: number;
  readonly backend?: BackendName | "auto";
}): Stepper {
  const counter = new Parameter({ name: "step", shape: [], dtype: "int32", init: () => 0, trainable: false });
  const step = tensorOf(counter);
  const { loss: given, optimizer, parameters, seed = 0, backend } = options;
  const loss = typeof given === "function" ? given({ step, key: foldIn(keyOf(seed), step) }) : given;
  if (!(loss instanceof Tensor)) {
    throw new PondusError(
      "train.loss",
      `fit: the loss should be a tensor of one float, or a function that returns one, but ${describe(loss)} came.`,
    );
  }
  const { updates } = optimizer.minimize(loss, parameters);
  const roots = [loss, ...updates.map((u) => u.value)].map((x) => x.node);
  for (const node of topological(roots)) {
    if (node.is("input")) {
      throw new PondusError(
        "train.input",
        `fit: the loss needs input "${node.attrs.name}", which nobody gives; build it from tensor(...) data, or use ` +
          "compile and Optimizer.minimize directly.",
      );
    }
  }
  const counted = { parameter: counter, value: step.add(1) };
  const program = compile(
    ({ count }) => {
      const many = repeat({ outputs: { loss }, updates: [...updates, counted] }, count, (at) =>
        at.loss.abs().lt(Number.POSITIVE_INFINITY),
      );
      return { loss: many.outputs.loss, taken: many.outputs.steps, updates: many.updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend },
  );
  const changed = updates.map((u) => u.parameter);
  const names = uniqueNames(changed.map((p) => p.name));
  const named = new Map(changed.map((p, i) => [names[i], p]));
  return {
    named,
    trained: new Map([...named].filter(([, p]) => p.trainable)),
    roots,
    load: () => program.load(),
    steps: () => counter.read()[0],
    setSteps: (steps) => counter.write([steps]),
    snapshot: () => capture([...changed, counter]),
    run: async (count) => {
      const result = await program.run({ count });
      return { loss: result.loss.item(), taken: result.taken.item() };
    },
    isFinite: () => changed.every((p) => allFinite(p.read())),
  };
}

const describe = (x: unknown) => (x === null || x === undefined ? String(x) : `a ${typeof x}`);
