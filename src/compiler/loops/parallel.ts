import type { Instruction, Routine, Step } from "../ir/loop.ts";
import { childrenOf } from "../ir/steps.ts";

type For = Extract<Instruction, { op: "for" }>;

/** Less work than this (in instructions) is done sooner by one thread than shared: some four microseconds. */
export const worthSharing = 15_000;

/** A part of less is not worth taking. */
const smallestPart = 3_000;

/** A loop of fewer iterations is passed over when there is a longer one inside it. */
const enoughIterations = 16;

/**
 * Marks the loops that threads divide. Which thread runs an iteration changes nothing that is computed in it, so
 * results are the same, to the last bit, for any number of threads.
 */
export function markParallel(routine: Routine): Routine {
  const { work } = routine;
  if (work < worthSharing || !isShareable(routine.body)) return routine;
  const body = share(routine.body);
  const parts = Math.min(parallelIterations(body), Math.floor(work / smallestPart));
  return parts < 2 ? routine : { ...routine, body, parts };
}

/** Instructions, roughly: one lane-wise operation is one, however wide. What is stored often goes out of the caches. */
export function workOf(body: readonly Instruction[]): number {
  let work = 0;
  for (let k = 0; k < body.length; k++) {
    const i = body[k];
    if (i.op === "for") work += iterationsOf(i) * (1 + workOf(i.body));
    else work += i.op === "store" ? 4 : 1;
  }
  return work;
}

const iterationsOf = ({ from, to, step }: For) => Math.ceil((to - from) / step);

const isLoop = (i: Instruction): i is For => i.op === "for";

/** Whether all that it stores is stored inside independent loops: the rest may then be done by every thread. */
function isShareable(body: readonly Instruction[]): boolean {
  return body.some(isLoop) && body.every((i) => (isLoop(i) ? i.independent : i.op !== "store" && i.op !== "assign"));
}

function share(body: readonly Instruction[]): Instruction[] {
  return body.map((i) => {
    if (!isLoop(i)) return i;
    const longer =
      iterationsOf(i) < enoughIterations && isShareable(i.body) && parallelIterations(share(i.body)) > iterationsOf(i);
    return longer ? { ...i, body: share(i.body) } : { ...i, parallel: true };
  });
}

/** Iterations of the longest loop that threads divide. */
function parallelIterations(body: readonly Instruction[]): number {
  return Math.max(1, ...body.filter(isLoop).map((i) => (i.parallel ? iterationsOf(i) : parallelIterations(i.body))));
}

/** Instructions in a run of a kernel. */
type WorkOf<K> = (kernel: K) => number;

/** Instructions in a run of all steps; a loop of unknown length counts as infinitely many. */
export function workOfSteps<K>(steps: readonly Step<K>[], workOf: WorkOf<K>): number {
  return steps.reduce((sum, step) => sum + workOfStep(step, workOf), 0);
}

function workOfStep<K>(step: Step<K>, workOf: WorkOf<K>): number {
  if (step.kind === "launch") return workOf(step.kernel);
  if (step.kind === "branch") return Math.max(workOfSteps(step.yes, workOf), workOfSteps(step.no, workOf));
  const iteration = workOfSteps(childrenOf(step), workOf);
  if (step.kind === "repeat") return step.length * iteration;
  return (step.limit ?? Number.POSITIVE_INFINITY) * (1 + iteration);
}
