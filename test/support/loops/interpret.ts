import type {
  Affine,
  Buffer,
  Call,
  Index,
  Instruction,
  LoopOp,
  LoopProgram,
  LoopType,
  Place,
  Step,
  Value,
} from "../../../src/compiler/ir/loop.ts";
import { type DType, viewOf } from "../../../src/graph/dtype.ts";

/** A lane: a number, or for an int64 a whole number of any size. A mask's lane is 0 or 1. */
export type Lane = number | bigint;

type Scalar = (type: LoopType, ...lanes: Lane[]) => Lane;

/** One lane as the type holds it. */
export function rounded(type: LoopType, x: Lane): Lane {
  if (type === "float32") return Math.fround(Number(x));
  if (type === "int32") return Number(BigInt.asIntN(32, BigInt(x)));
  if (type === "int64") return BigInt.asIntN(64, BigInt(x));
  return x;
}

const whole = (x: Lane) => typeof x === "bigint" || Number.isInteger(x);

/** In floats as JavaScript does it; in whole numbers exactly, to be wrapped around afterwards. */
function arithmetic(float: (a: number, b: number) => number, int: (a: bigint, b: bigint) => bigint): Scalar {
  return (type, a, b) =>
    type === "int32" || type === "int64" ? int(BigInt(a), BigInt(b)) : float(Number(a), Number(b));
}

function bitwise(int: (a: bigint, b: bigint) => bigint): Scalar {
  return (_, a, b) => int(BigInt(a), BigInt(b));
}

function toInt32(x: number): number {
  return Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x)));
}

function sameBits(from: LoopType, to: LoopType, x: Lane): Lane {
  const view = new DataView(new ArrayBuffer(8));
  if (from === "float32") view.setFloat32(0, Number(x));
  else if (from === "int32") view.setInt32(0, Number(x));
  else if (from === "float64") view.setFloat64(0, Number(x));
  else view.setBigInt64(0, BigInt(x));
  if (to === "float32") return view.getFloat32(0);
  if (to === "int32") return view.getInt32(0);
  return to === "float64" ? view.getFloat64(0) : view.getBigInt64(0);
}

const bit = (x: boolean) => (x ? 1 : 0);
const multiply = arithmetic(
  (a, b) => a * b,
  (a, b) => a * b,
);
const plus = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
);

/** Operations of which a lane's result is not made from the operands' same lane in their own type. */
type Across = "splat" | "sumLanes" | "maxLanes" | "zipLow" | "zipHigh" | "convert" | "bits";

/** Operations of one lane, by the result's type. */
const scalars: { readonly [Op in Exclude<LoopOp, Across>]: Scalar } = {
  add: plus,
  sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  mul: multiply,
  div: (_, a, b) => Number(a) / Number(b),
  fma: (type, a, b, c) => plus(type, rounded(type, multiply(type, a, b)), c),
  // In two steps, as 2^k alone may be out of range.
  scale: (_, a, k) => Number(a) * 2 ** Math.floor(Number(k) / 2) * 2 ** Math.ceil(Number(k) / 2),
  neg: (_, a) => (whole(a) && typeof a === "bigint" ? -a : -Number(a)),
  abs: (_, a) => (typeof a === "bigint" ? (a < 0n ? -a : a) : Math.abs(a)),
  sqrt: (_, a) => Math.sqrt(Number(a)),
  floor: (_, a) => Math.floor(Number(a)),
  maximum: (_, a, b) => Math.max(Number(a), Number(b)),
  minimum: (_, a, b) => Math.min(Number(a), Number(b)),
  lt: (_, a, b) => bit(a < b),
  le: (_, a, b) => bit(a <= b),
  eq: (_, a, b) => bit(a === b),
  ne: (_, a, b) => bit(a !== b),
  and: bitwise((a, b) => a & b),
  or: bitwise((a, b) => a | b),
  xor: bitwise((a, b) => a ^ b),
  not: (type, a) => (type === "mask32" || type === "mask64" ? 1 - Number(a) : ~BigInt(a)),
  shl: (type, a, n) => BigInt(a) << (BigInt(n) & (type === "int64" ? 63n : 31n)),
  shr: (type, a, n) => {
    const bits = type === "int64" ? 64 : 32;
    return BigInt.asUintN(bits, BigInt(a)) >> (BigInt(n) & BigInt(bits - 1));
  },
  select: (_, mask, yes, no) => (mask ? yes : no),
};

function mask(type: LoopType, x: Lane): Lane {
  return type === "mask32" || type === "mask64" ? Number(x) : x;
}

function compute(to: Value, name: LoopOp, args: readonly { value: Value; lanes: Lane[] }[]): Lane[] {
  const [first] = args;
  if (name === "splat") return Array.from({ length: to.lanes }, () => first.lanes[0]);
  if (name === "sumLanes" || name === "maxLanes") {
    let lanes = first.lanes;
    const f = scalars[name === "sumLanes" ? "add" : "maximum"];
    while (lanes.length > 1) {
      const half = lanes.length / 2;
      lanes = Array.from({ length: half }, (_, i) => rounded(to.type, f(to.type, lanes[i], lanes[i + half])));
    }
    return lanes;
  }
  if (name === "zipLow" || name === "zipHigh") {
    const start = name === "zipLow" ? 0 : to.lanes / 2;
    return Array.from({ length: to.lanes }, (_, k) => args[k % 2].lanes[start + Math.floor(k / 2)]);
  }
  return Array.from({ length: to.lanes }, (_, k) => {
    if (name === "bits") return sameBits(first.value.type, to.type, first.lanes[k]);
    if (name === "convert") {
      return rounded(to.type, to.type === "int32" ? toInt32(Number(first.lanes[k])) : first.lanes[k]);
    }
    return mask(to.type, rounded(to.type, scalars[name](to.type, ...args.map((a) => a.lanes[k]))));
  });
}

/** Sees every element that is read or written; `byte` is its place in the arena. */
export interface Watcher {
  read(place: Place, byte: number): void;
  write(place: Place, byte: number): void;
}

class Machine {
  readonly watcher: Watcher | undefined;
  readonly values = new Map<Value, Lane[]>();
  readonly counters = new Map<Index, number>();
  /** Arrays that a call passed by their place. */
  readonly arrays = new Map<Index, Buffer>();
  readonly memory: ArrayBuffer;

  constructor(memory: ArrayBuffer, watcher?: Watcher) {
    this.memory = memory;
    this.watcher = watcher;
  }

  affine({ offset, terms }: Affine): number {
    return terms.reduce((sum, { index, scale }) => sum + scale * (this.counters.get(index) as number), offset);
  }

  /** A place in the array that is meant, where a routine takes the array as a counter. */
  known(place: Place): Place {
    const base = place.at.terms.find(({ index }) => this.arrays.has(index));
    if (!base) return place;
    const terms = place.at.terms.filter((term) => term !== base);
    return { ...place, buffer: this.arrays.get(base.index) as Buffer, at: { ...place.at, terms } };
  }

  call({ routine, counters }: Call): void {
    counters.forEach((x, k) => {
      const index = routine.indices[k];
      if ("dtype" in x) this.arrays.set(index, x);
      else this.counters.set(index, this.counters.get(x) as number);
    });
    this.body(routine.body);
  }

  element({ buffer, at, moving }: Place, further = 0): { view: ReturnType<typeof viewOf>; i: number } {
    const position = moving ? moving.scale * Number(this.values.get(moving.position)?.[0]) : 0;
    const i = this.affine(at) + position + further;
    if (!(i >= 0 && i < buffer.length)) throw new RangeError(`element ${i} of ${buffer.length}`);
    return { view: viewOf(buffer.dtype as DType, this.memory, buffer.offset, buffer.length), i };
  }

  read(given: Place, further = 0): number {
    const place = this.known(given);
    const { view, i } = this.element(place, further);
    this.watcher?.read(place, place.buffer.offset + i * view.BYTES_PER_ELEMENT);
    return view[i];
  }

  body(body: readonly Instruction[]): void {
    const get = (value: Value) => this.values.get(value) as Lane[];
    for (const one of body) {
      if (one.op === "constant") {
        this.values.set(one.to, Array(one.to.lanes).fill(rounded(one.to.type, one.value)));
      } else if (one.op === "compute") {
        const args = one.args.map((value) => ({ value, lanes: get(value) }));
        this.values.set(one.to, compute(one.to, one.name, args));
      } else if (one.op === "ramp") {
        const start = this.affine(one.at);
        const lanes = Array.from({ length: one.to.lanes }, (_, k) => rounded("int32", start + k * one.stride));
        this.values.set(one.to, lanes);
      } else if (one.op === "table") {
        const number = one.numbers[this.counters.get(one.at) as number];
        this.values.set(one.to, Array(one.to.lanes).fill(number));
      } else if (one.op === "when") {
        if (get(one.test).some(Boolean)) this.body(one.body);
      } else if (one.op === "load") {
        const lanes = Array.from({ length: one.to.lanes }, (_, k) => this.read(one.from, k * one.stride));
        this.values.set(one.to, lanes);
      } else if (one.op === "fetch") {
        // Nothing that a result depends on.
      } else if (one.op === "store") {
        get(one.value).forEach((lane, k) => {
          const to = this.known(one.to);
          const { view, i } = this.element(to, k);
          this.watcher?.write(to, to.buffer.offset + i * view.BYTES_PER_ELEMENT);
          view[i] = Number(lane);
        });
      } else if (one.op === "declare" || one.op === "assign") {
        this.values.set(one.to, get(one.from));
      } else {
        for (let i = one.from; i < one.to; i += one.step) {
          this.counters.set(one.index, i);
          this.body(one.body);
        }
      }
    }
  }

  steps(steps: readonly Step<Call>[]): void {
    for (const step of steps) {
      if (step.kind === "launch") this.call(step.kernel);
      else if (step.kind === "branch") this.steps(this.read(step.flag) ? step.yes : step.no);
      else if (step.kind === "repeat") {
        const turns = step.count ? this.read(step.count) : step.length;
        for (let i = 0; i < turns; i++) {
          this.counters.set(step.index, step.reverse ? turns - 1 - i : i);
          this.steps(step.body);
        }
      } else {
        for (let i = 0; i < (step.limit ?? Number.POSITIVE_INFINITY); i++) {
          this.counters.set(step.index, i);
          this.steps(step.test);
          if (!this.read(step.flag)) break;
          this.steps(step.body);
        }
      }
    }
  }
}

/** The loop language as plainly as JavaScript says it: changes the arena as the program does. */
export function interpretLoops(program: LoopProgram, memory: ArrayBuffer, watcher?: Watcher): void {
  new Machine(memory, watcher).steps(program.steps);
}
