import { bytesOf, type DType } from "../../graph/dtype.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Kernel } from "../ir/kernel.ts";
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
} from "../ir/loop.ts";
import { mapSteps } from "../ir/steps.ts";
import { collapse } from "./collapse.ts";
import { emit } from "./emit.ts";
import { markParallel } from "./parallel.ts";
import { type Signature, signatureOf } from "./signature.ts";

/** A kernel, and what distinguishes it from others of its form. */
interface Member extends Signature {
  readonly kernel: Kernel;
}

/** Kernels of one form. */
interface Form {
  readonly members: Member[];
  /** Its place among all. */
  readonly number: number;
  routine?: Routine;
}

interface Forms {
  readonly members: ReadonlyMap<Kernel, Member>;
  readonly forms: ReadonlyMap<string, Form>;
}

function formsOf(steps: readonly Step<Kernel>[]): Forms {
  const members = new Map<Kernel, Member>();
  const forms = new Map<string, Form>();
  mapKernels(steps, (given) => {
    const kernel = collapse(given);
    const member = { kernel, ...signatureOf(kernel) };
    members.set(given, member);
    const form = forms.get(member.form);
    if (form) form.members.push(member);
    else forms.set(member.form, { members: [member], number: forms.size });
  });
  return { members, forms };
}

/**
 * The kernels of a program as routines. Kernels of one form are one routine: a network of many equal layers is not compiled
 * many times. A routine is written when it is asked for, before arrays have their places or after.
 */
export class Routines {
  readonly #steps: readonly Step<Kernel>[];
  readonly #machine: Machine;
  readonly #allocator: Allocator;
  #found: Forms | undefined;

  constructor(steps: readonly Step<Kernel>[], machine: Machine, allocator: Allocator) {
    this.#steps = steps;
    this.#machine = machine;
    this.#allocator = allocator;
  }

  /** Instructions in a run of the kernel, roughly. */
  workOf(kernel: Kernel): number {
    return this.#routineOf(this.#formOf(kernel)).work;
  }

  /**
   * Calls in place of kernels, once arrays have their places: where those lie that are not the same for all kernels of a
   * form, its routine takes as counters.
   *
   * @param bytes  the arena's size
   */
  calls(steps: readonly Step<Kernel>[], bytes: number): Step<Call>[] {
    const placed = new Map<Form, Placed>();
    return mapKernels(steps, (kernel) => {
      const form = this.#formOf(kernel);
      const { routine, varying } =
        placed.get(form) ?? place(form.members, this.#routineOf(form), this.#allocator, bytes);
      placed.set(form, { routine, varying });
      const { buffers, indices } = this.#forms.members.get(kernel) as Member;
      return { routine, counters: [...indices, ...varying.map((k) => buffers[k])] };
    });
  }

  /** Found when they are asked for: not all who plan need them. */
  get #forms(): Forms {
    this.#found ??= formsOf(this.#steps);
    return this.#found;
  }

  #formOf(kernel: Kernel): Form {
    const { members, forms } = this.#forms;
    return forms.get((members.get(kernel) as Member).form) as Form;
  }

  #routineOf(form: Form): Routine {
    // All at once, in their order: counters are numbered as they come, and a program's text does not depend on what is asked first.
    if (!form.routine) for (const each of this.#forms.forms.values()) each.routine = this.#emit(each);
    return form.routine as Routine;
  }

  #emit({ members: [{ kernel, indices }], number }: Form): Routine {
    const fresh = () => this.#allocator.index();
    return markParallel(emit(kernel, `${kernel.name}_${number}`, indices, this.#machine, fresh));
  }
}

interface Placed {
  readonly routine: Routine;
  /** Which of its arrays are not the same in all calls. */
  readonly varying: readonly number[];
}

function place(members: readonly Member[], routine: Routine, allocator: Allocator, bytes: number): Placed {
  const [{ buffers }] = members;
  const varying = buffers.flatMap((b, k) =>
    members.some((m) => m.buffers[k].stride || m.buffers[k].offset !== b.offset) ? [k] : [],
  );
  if (varying.length === 0) return { routine, varying };
  const bases = new Map(varying.map((k) => [buffers[k], allocator.index()]));
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
    return i.op === "for" || i.op === "when" ? { ...i, body: i.body.map(move) } : i;
  };
  return { ...routine, indices: [...routine.indices, ...bases.values()], body: routine.body.map(move) };
}

/** The same steps around something else than kernels. */
function mapKernels<K>(steps: readonly Step<Kernel>[], change: (kernel: Kernel) => K): Step<K>[] {
  const go = (list: readonly Step<Kernel>[]): Step<K>[] =>
    list.map((step) => {
      return step.kind === "launch" ? { kind: "launch", kernel: change(step.kernel) } : mapSteps(step, go);
    });
  return go(steps);
}
