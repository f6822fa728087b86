import { bytesOf, type DType } from "../graph/dtype.ts";
import { collapse } from "./collapse.ts";
import { emit } from "./emit.ts";
import type { Kernel } from "./kernel.ts";
import {
  type Affine,
  add,
  along,
  type Buffer,
  type Call,
  type Index,
  type Instruction,
  type Machine,
  type Place,
  type Routine,
  type Step,
} from "./loop.ts";
import { shareLoops } from "./parallel.ts";
import { type Signature, signatureOf } from "./signature.ts";
import type { Workshop } from "./workshop.ts";

/** A kernel, and what distinguishes it from others of its form. */
interface Member extends Signature {
  readonly kernel: Kernel;
}

/**
 * Writes the kernels of a program as routines. Kernels of one form are one routine, which takes as counters where in
 * the arena those arrays lie that are not the same for all: a network of many equal layers is not compiled many times.
 *
 * @param bytes  the arena's size
 */
export function routines(
  steps: readonly Step<Kernel>[],
  machine: Machine,
  workshop: Workshop,
  bytes: number,
): Step<Call>[] {
  const members = new Map<Kernel, Member>();
  const forms = new Map<string, Member[]>();
  eachKernel(steps, (given) => {
    const kernel = collapse(given);
    const member = { kernel, ...signatureOf(kernel) };
    members.set(given, member);
    forms.set(member.form, [...(forms.get(member.form) ?? []), member]);
  });
  const written = new Map<string, Written>();
  const call = (given: Kernel): Call => {
    const { form, buffers, indices } = members.get(given) as Member;
    let made = written.get(form);
    if (!made) {
      made = write(forms.get(form) as Member[], written.size, machine, workshop, bytes);
      written.set(form, made);
    }
    return { routine: made.routine, counters: [...indices, ...made.varying.map((k) => buffers[k])] };
  };
  return mapKernels(steps, call);
}

interface Written {
  readonly routine: Routine;
  /** Which of its arrays are not the same in all calls. */
  readonly varying: readonly number[];
}

function write(
  members: readonly Member[],
  number: number,
  machine: Machine,
  workshop: Workshop,
  bytes: number,
): Written {
  const [{ kernel, indices, buffers }] = members;
  const name = `${kernel.name}_${number}`;
  const routine = shareLoops(emit(kernel, name, indices, machine, () => workshop.index()));
  const varying = buffers.flatMap((b, k) =>
    members.some((m) => m.buffers[k].stride || m.buffers[k].offset !== b.offset) ? [k] : [],
  );
  if (varying.length === 0) return { routine, varying };
  const bases = new Map(varying.map((k) => [buffers[k], workshop.index()]));
  return { routine: relocated(routine, bases, bytes), varying };
}

/** A routine whose arrays in `bases` lie where counters say, in elements from the arena's begin. */
function relocated(routine: Routine, bases: ReadonlyMap<Buffer, Index>, bytes: number): Routine {
  const arenas = new Map<DType, Buffer>();
  const arena = (dtype: DType): Buffer => {
    const made = arenas.get(dtype) ?? { id: -1, kind: "temporary", dtype, length: bytes / bytesOf[dtype], offset: 0 };
    arenas.set(dtype, made);
    return made;
  };
  // Points of a tile differ in their offsets alone and have their terms in common, before as after.
  const moved = new Map<Buffer, Map<Affine["terms"], Affine["terms"]>>();
  const place = (p: Place): Place => {
    const base = bases.get(p.buffer);
    if (!base) return p;
    const known = moved.get(p.buffer) ?? new Map<Affine["terms"], Affine["terms"]>();
    moved.set(p.buffer, known);
    const terms = known.get(p.at.terms) ?? add(p.at, along(base)).terms;
    known.set(p.at.terms, terms);
    return { ...p, buffer: arena(p.buffer.dtype), at: { offset: p.at.offset, terms } };
  };
  const move = (i: Instruction): Instruction => {
    if (i.op === "load" || i.op === "fetch") return { ...i, from: place(i.from) };
    if (i.op === "store") return { ...i, to: place(i.to) };
    return i.op === "for" ? { ...i, body: i.body.map(move) } : i;
  };
  return { ...routine, indices: [...routine.indices, ...bases.values()], body: routine.body.map(move) };
}

function eachKernel(steps: readonly Step<Kernel>[], visit: (kernel: Kernel) => void): void {
  mapKernels(steps, visit);
}

/** The same steps around something else than kernels. */
function mapKernels<K>(steps: readonly Step<Kernel>[], change: (kernel: Kernel) => K): Step<K>[] {
  const go = (list: readonly Step<Kernel>[]): Step<K>[] => list.map(one);
  const one = (step: Step<Kernel>): Step<K> => {
    if (step.kind === "launch") return { kind: "launch", kernel: change(step.kernel) };
    if (step.kind === "branch") return { ...step, yes: go(step.yes), no: go(step.no) };
    if (step.kind === "repeat") return { ...step, body: go(step.body) };
    return { ...step, test: go(step.test), body: go(step.body) };
  };
  return go(steps);
}
