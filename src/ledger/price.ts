import { type Planned, planGraph } from "../compiler/compile.ts";
import { type Kernel, readsOf } from "../compiler/ir/kernel.ts";
import type { Buffer, Machine } from "../compiler/ir/loop.ts";
import { bytesOf } from "../graph/dtype.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { GraphProgram } from "../graph/program.ts";
import { bytesIn } from "../graph/shape.ts";
import { hostBytesOf } from "./host-bytes.ts";
import { describe, type Held, memoryOf, type Phase, type ProgramMemory, type Role } from "./memory.ts";
import type { Training } from "./programs.ts";
import { reach } from "./reach.ts";

/** What the model's own run takes. */
export interface InferencePrice extends ProgramMemory {
  readonly parameterBytes: number;
  /** What lies outside the program's memory for its sake: see `hostBytesOf`. */
  readonly hostBytes: number;
}

/** What a step of training takes. */
export interface TrainingPrice extends InferencePrice {
  /** What the optimizer keeps beside the parameters. */
  readonly optimizerBytes: number;
  /** Gradients that are stored; one that goes into its update in the same kernel never is. */
  readonly gradientBytes: number;
  /** What the backward pass needs of the forward one, the batch included: the sum of `activations`. */
  readonly activationBytes: number;
  /** The batch, then what layers computed of it, in the model's order. */
  readonly activations: readonly Held[];
  /** What the loss keeps for its own derivative. */
  readonly lossBytes: number;
  /** A large batch is taken in blocks, all layers for some samples at a time: so much is kept at once. */
  readonly blockBytes?: number;
}

/** No batch is long enough to be taken in blocks. */
const whole = { blockBytes: 0, smallBatch: Number.POSITIVE_INFINITY, samples: Number.POSITIVE_INFINITY };

export function priceInference(graph: GraphProgram, machine: Machine): InferencePrice {
  const planned = planGraph(graph, machine);
  const memory = memoryOf(
    planned,
    (buffer) => roleOf(buffer, new Set(), new Set(), isPassedOn),
    () => "forward",
  );
  return { parameterBytes: bytesOfAll(planned.parameters.keys()), hostBytes: hostBytesOf(graph), ...memory };
}

export function priceTraining(training: Training, machine: Machine): TrainingPrice {
  const { graph, outputs, gradients, state } = training;
  const tracked = [outputs, ...gradients];
  const planned = planGraph(graph, machine, { tracked });
  const forward = forwardOf(planned);
  const passed = passedOn(planned, forward);
  const made = new Set(planned.tracked.slice(1));
  const memory = memoryOf(
    planned,
    (buffer) => roleOf(buffer, state, made, (b) => passed.has(b)),
    phasesOf(planned, forward),
  );
  const inBlocks = planned.steps.some((step) => step.kind === "repeat" && step.independent);
  const unblocked = inBlocks ? planGraph(graph, machine, { tracked, limits: whole }) : planned;
  const kept = [...passedOn(unblocked, forwardOf(unblocked))].sort((a, b) => a.id - b.id);
  const model = reach(unblocked.tracked.slice(0, 1));
  const isOfModel = ({ holds }: Buffer) => holds !== undefined && model.has(holds);
  const activations = kept.filter(isOfModel).map(describe);
  const stored = planned.buffers.filter(
    (b) => b.holds && made.has(b.holds) && b.kind === "temporary" && !planned.aliases.has(b),
  );
  return {
    hostBytes: hostBytesOf(graph),
    parameterBytes: bytesOfAll([...planned.parameters.keys()].filter((p) => !state.has(p))),
    optimizerBytes: bytesOfAll(state),
    gradientBytes: sum(stored.map(bytesOfBuffer)),
    activationBytes: sum(activations.map((a) => a.bytes)),
    activations,
    lossBytes: sum(kept.filter((b) => !isOfModel(b)).map(bytesOfBuffer)),
    ...(inBlocks && { blockBytes: sum([...passed].filter((b) => b.kind !== "input").map(bytesOfBuffer)) }),
    ...memory,
  };
}

const forwardOf = ({ roots }: Planned) => reach(roots.slice(0, 1));

/** Arrays that forward kernels write, or that come in, and others read. */
function passedOn({ memory }: Planned, forward: ReadonlySet<object>): Set<Buffer> {
  const isForward = ({ holds }: Buffer) => holds !== undefined && forward.has(holds);
  const passed = new Set<Buffer>();
  for (const kernel of memory.launches.keys()) {
    if (kernel.stores.every((s) => isForward(s.buffer))) continue;
    for (const b of readsOf(kernel)) if (b.kind === "input" || (isPassing(b) && isForward(b))) passed.add(b);
  }
  return passed;
}

const isPassing = ({ kind }: Buffer) => kind === "temporary" || kind === "carry";

/** In inference, whatever a layer passes on to the next. */
const isPassedOn = (b: Buffer) => (isPassing(b) && b.holds !== undefined) || b.kind === "output";

function roleOf(
  buffer: Buffer,
  state: ReadonlySet<Parameter>,
  gradients: ReadonlySet<object>,
  isActivation: (buffer: Buffer) => boolean,
): Role {
  const { kind, holds } = buffer;
  if (holds?.is("parameter")) return state.has(holds.attrs.parameter) ? "optimizer" : "parameters";
  if (kind === "input") return "inputs";
  if (holds && gradients.has(holds)) return "gradients";
  return isActivation(buffer) ? "activations" : "workspace";
}

/** What each kernel is for; a copy is for the kernel after it. */
function phasesOf({ memory, aliases, tracked }: Planned, forward: ReadonlySet<object>): (kernel: Kernel) => Phase {
  const gradient = reach(tracked.slice(1));
  const isParameter = (b: Buffer) => (aliases.get(b) ?? b).kind === "parameter";
  const all = (nodes: ReadonlySet<object>, { stores }: Kernel) =>
    stores.every(({ buffer: { holds } }) => holds !== undefined && nodes.has(holds));
  const phases = new Map<Kernel, Phase>();
  let next: Phase = "update";
  for (const kernel of [...memory.launches.keys()].reverse()) {
    const isCopy = kernel.stores.every(({ buffer }) => buffer.holds === undefined);
    if (!isCopy) {
      const updates = kernel.stores.some(({ buffer }) => isParameter(buffer));
      next = all(forward, kernel) ? "forward" : !updates && all(gradient, kernel) ? "backward" : "update";
    }
    phases.set(kernel, next);
  }
  return (kernel) => phases.get(kernel) as Phase;
}

const bytesOfBuffer = ({ length, dtype }: Buffer) => length * bytesOf[dtype];
const bytesOfAll = (parameters: Iterable<Parameter>) => sum([...parameters].map(bytesIn));
const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
