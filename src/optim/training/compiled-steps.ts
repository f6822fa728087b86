import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { Parameter } from "../../graph/parameter.ts";
import { topological } from "../../graph/walk.ts";
import { type Model, training } from "../../nn/index.ts";
import { compile, type NumberArray, repeat } from "../../runtime/index.ts";
import type { Tensors } from "../../tensor/control.ts";
import { foldIn } from "../../tensor/random/index.ts";
import { keyFor } from "../../tensor/random/key.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type Optimizer, tensorOf } from "../optimizer.ts";
import { uniqueNames } from "../unique-names.ts";
import { allFinite, capture, type Snapshot } from "./checkpoint.ts";

/** A training step compiled so that many of them run in one call. */
export interface CompiledSteps {
  /** Everything that a step changes, but the count of steps, by name. */
  readonly named: ReadonlyMap<string, Parameter>;
  /** Those among them that are the model's, learned or averaged, not state of the optimizer. */
  readonly trained: ReadonlyMap<string, Parameter>;
  /** The loss at the present weights, as the next step will find it: with its count and its key. */
  readonly loss: Tensor;
  /** Whether it is the same function of the weights at all steps. */
  readonly sameLoss: boolean;
  /** What one step computes: the loss, then the new values. */
  readonly roots: readonly Node[];
  load(): Promise<unknown>;
  /** Steps taken since the training began. */
  steps(): number;
  setSteps(steps: number): void;
  /** Copies of all that a step changes, the count of steps too; in the memory of `spare`, where one is given. */
  snapshot(spare?: Snapshot): Snapshot;
  /** Takes `count` steps, or fewer when a loss is not finite or the optimizer is done: that step is the last. */
  run(count: number): Promise<CallResult>;
  /** Whether all that steps change is finite. */
  isFinite(): boolean;
}

export interface CallResult {
  readonly loss: number;
  readonly taken: number;
  /** Whether the optimizer found nothing left to do. */
  readonly done: boolean;
  /** What the training cost so far, where the optimizer counts it. */
  readonly gradientEquivalents?: number;
}

/** Throws `train.loss` when the loss is no tensor, `input.missing` when the loss needs an input, and what `Optimizer.minimize` throws. */
export function compiledSteps(options: {
  readonly loss: Tensor | ((at: { readonly step: Tensor; readonly key: Tensor }) => Tensor);
  readonly optimizer: Optimizer;
  readonly parameters?: Model;
  readonly seed?: number;
  readonly backend?: BackendName | "auto";
}): CompiledSteps {
  const counter = new Parameter({ name: "step", shape: [], dtype: "int32", init: () => 0, trainable: false });
  const step = tensorOf(counter);
  const { loss: given, optimizer, parameters, seed = 0, backend } = options;
  const key = foldIn(keyFor(seed, "training"), step);
  const { value: loss, updates: statistics } =
    typeof given === "function"
      ? training(foldIn(keyFor(seed, "layers"), step), () => given({ step, key }))
      : { value: given, updates: [] };
  if (!(loss instanceof Tensor)) {
    throw new PondusError(
      "train.loss",
      `fit: the loss should be a tensor of one float, or a function that returns one, but ${describe(loss)} came.`,
    );
  }
  const minimization = optimizer.minimize(loss, parameters);
  const { loss: known = loss, done, gradientEquivalents } = minimization;
  const updates = [...minimization.updates, ...statistics];
  const roots = [known, ...updates.map((u) => u.value)].map((x) => x.node);
  const sameLoss = !topological([loss.node]).includes(step.node);
  if (optimizer.sameLoss && !sameLoss) {
    throw new PondusError(
      "train.loss",
      `fit: ${optimizer.name} compares the losses of different steps, so the loss must be the same at all of them, but ` +
        "it depends on the step or its key; use all the data at each step, or another optimizer such as adam.",
    );
  }
  for (const node of topological(roots)) {
    if (node.is("input")) {
      throw new PondusError(
        "input.missing",
        `fit: the loss needs input "${node.attrs.name}", which fit does not give; build it from tensor(...) data, or use ` +
          "compile and Optimizer.minimize directly.",
      );
    }
  }
  const counted = { parameter: counter, value: step.add(1) };
  const program = compile(
    ({ count }) => {
      const reported = { loss: known, ...(done && { done }), ...(gradientEquivalents && { gradientEquivalents }) };
      const many = repeat<Tensors>({ outputs: reported, updates: [...updates, counted] }, count, (at) => {
        const finite = at.loss.abs().lt(Number.POSITIVE_INFINITY);
        return done ? finite.and(at.done.not()) : finite;
      });
      const { steps: taken, ...last } = many.outputs;
      return { ...last, taken, updates: many.updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend },
  );
  const changed = updates.map((u) => u.parameter);
  const names = uniqueNames(changed.map((p) => p.name));
  const named = new Map(changed.map((p, i) => [names[i], p]));
  return {
    named,
    trained: new Map([...named].filter(([, p]) => p.trainable || statistics.some((s) => s.parameter === p))),
    loss,
    sameLoss,
    roots,
    load: () => program.load(),
    steps: () => counter.peek()[0],
    setSteps: (steps) => counter.write([steps]),
    snapshot: (spare) => capture([...changed, counter], spare),
    run: async (count) => {
      const result = (await program.run({ count })) as Partial<Record<string, NumberArray>>;
      const number = (name: string) => result[name]?.item();
      return {
        loss: number("loss") as number,
        taken: number("taken") as number,
        done: Boolean(number("done")),
        gradientEquivalents: number("gradientEquivalents"),
      };
    },
    isFinite: () => changed.every((p) => allFinite(p.peek())),
  };
}

const describe = (x: unknown) => (x === null || x === undefined ? String(x) : `a ${typeof x}`);
