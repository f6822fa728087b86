import { bodiesOf, type Control, controlOf, slotsOf } from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { topological } from "../../graph/walk.ts";
import type { Assignment, Kernels, Lowered } from "./block.ts";
import { eachScalar, type Kernel, operandsOf, type Scalar, scalarsOfRunning } from "./kernel.ts";
import type { Affine, Buffer, Call, Instruction, LoopProgram, Place, Routine, Step, Value } from "./loop.ts";

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/** One line a node: `%7 float32[32] = tanh %6`, numbered as listed; bodies are indented below their loop. */
export function formatGraph(roots: readonly Node[]): string[] {
  return formatBlock(roots, new Map(), new Map());
}

/** `formals`: what the leaves of a body stand for. */
function formatBlock(roots: readonly Node[], formals: ReadonlyMap<Node, string>, numbers: Map<Node, number>): string[] {
  const name = (node: Node) => {
    if (!numbers.has(node)) numbers.set(node, numbers.size);
    return `%${numbers.get(node)}`;
  };
  const lines = topological(roots).flatMap((node) => {
    const inputs = node.inputs.map((x) => ` ${name(x)}`).join("");
    const what = formals.get(node) ?? `${node.op}${inputs}${attributes(node)}`;
    const line = `${name(node)} ${node.dtype}${formatShape(node.shape)} = ${what}`;
    const control = controlOf(node);
    if (!control) return [line];
    return [line, ...indent(formatBlock(bodiesOf(control).flat(), formalsOf(control, name), numbers))];
  });
  return [...lines, `return ${roots.map(name).join(" ")}`];
}

function formalsOf(control: Control, name: (node: Node) => string): Map<Node, string> {
  const { carry, xs } = control;
  const kinds = [...carry.map(() => "carry, first"), ...xs.map(() => "each of")];
  return new Map(slotsOf(control).map(({ formal, input }, i) => [formal, `${kinds[i] ?? "always"} ${name(input)}`]));
}

function attributes(node: Node): string {
  if (node.is("parameter")) return ` ${node.attrs.parameter.name}`;
  const plain = Object.entries(node.attrs).filter(([name, value]) => {
    if (name === "shape" || name === "dtype" || name === "own" || ArrayBuffer.isView(value)) return false;
    return typeof value !== "object" || (Array.isArray(value) && typeof value[0] === "number");
  });
  return plain.length > 0 ? ` ${plain.map(([name, value]) => `${name}=${value}`).join(" ")}` : "";
}

/** Kernels in order, or what lowering leaves of them, whose assignments are no kernels yet. */
export type Formattable = Kernels | { readonly steps: Lowered; readonly aliases?: undefined };

export function formatKernels({ steps, aliases }: Formattable): string[] {
  const arrays = new Arrays(aliases);
  const lines = formatSteps(steps, arrays, (kernel: Kernel | Assignment) => {
    if (!("from" in kernel)) return formatKernel(kernel, arrays);
    return [`${arrays.name(kernel.to.buffer)} is replaced by ${arrays.name(kernel.from.buffer)}`];
  });
  return [...arrays.table(), ...lines];
}

export function formatProgram({ bytes, steps }: LoopProgram): string {
  const arrays = new Arrays();
  const printed = new Set<Routine>();
  const call = ({ routine, counters }: Call): string[] => {
    const given = counters.map((x) => ("dtype" in x ? arrays.name(x) : `i${x.id}`));
    const line = `${routine.name}(${given.join(", ")})`;
    if (printed.has(routine)) return [line];
    printed.add(routine);
    return [line, ...indent(formatRoutine(routine, arrays))];
  };
  const lines = formatSteps(steps, arrays, call);
  return [`arena of ${bytes} bytes`, ...arrays.table(), ...lines].join("\n");
}

/** The arrays that a dump mentions: by name where they are used, with their size and place in a table above. */
class Arrays {
  readonly #seen = new Set<Buffer>();
  readonly #aliases: ReadonlyMap<Buffer, Buffer>;

  constructor(aliases: ReadonlyMap<Buffer, Buffer> = new Map()) {
    this.#aliases = aliases;
  }

  /** `t5`: the kind, and the number that it was made with. What a counter places in the arena has no number. */
  name(b: Buffer): string {
    if (b.id < 0) return "arena";
    this.#seen.add(b);
    return `${prefixes[b.kind]}${b.id}`;
  }

  place({ buffer, at, moving }: Place): string {
    return `${this.name(buffer)}[${affine(at)}${moving ? ` + v${moving.position.id}*${moving.scale}` : ""}]`;
  }

  table(): string[] {
    const inOrder = [...this.#seen].sort((a, b) => a.id - b.id);
    return inOrder.map((b) => `${this.name(b)} ${b.dtype}[${b.length}]${this.#where(b)}`);
  }

  #where(b: Buffer): string {
    const home = this.#aliases.get(b);
    if (b.offset < 0) return home ? ` in place of ${this.name(home)}` : "";
    return ` at ${b.offset}${b.stride ? ` + ${b.stride} * ${b.iteration ? `i${b.iteration.id}` : "thread"}` : ""}`;
  }
}

const prefixes = { input: "in", parameter: "p", data: "d", output: "out", carry: "c", temporary: "t" } as const;

function formatSteps<K>(steps: readonly Step<K>[], arrays: Arrays, launch: (kernel: K) => string[]): string[] {
  return steps.flatMap((step) => {
    const inner = (list: readonly Step<K>[]) => indent(formatSteps(list, arrays, launch));
    if (step.kind === "launch") return launch(step.kernel);
    if (step.kind === "repeat") {
      const how = `${step.reverse ? " backwards" : ""}${step.apart ? ", side by side" : step.independent ? ", in any order" : ""}`;
      const length = step.count ? `${arrays.place(step.count)}, at most ${step.length}` : step.length;
      return [`repeat i${step.index.id} of ${length}${how}`, ...inner(step.body)];
    }
    const flag = arrays.place(step.flag);
    if (step.kind === "branch") return [`if ${flag}`, ...inner(step.yes), "else", ...inner(step.no)];
    return [`while ${flag}, at most ${step.limit ?? "any"}`, ...inner(step.test), "do", ...inner(step.body)];
  });
}

function affine(a: Affine): string {
  const terms = a.terms.map(({ index, scale }) => ({ n: scale, of: `i${index.id}` }));
  const parts = a.offset !== 0 || terms.length === 0 ? [...terms, { n: a.offset, of: "" }] : terms;
  return parts.map(({ n, of }, k) => `${signOf(n, k === 0)}${termOf(Math.abs(n), of)}`).join("");
}

function signOf(n: number, first: boolean): string {
  if (first) return n < 0 ? "-" : "";
  return n < 0 ? " - " : " + ";
}

function termOf(n: number, of: string): string {
  if (of === "") return String(n);
  return n === 1 ? of : `${n}*${of}`;
}

function formatKernel(kernel: Kernel, arrays: Arrays): string[] {
  const axes = (list: Kernel["axes"]) => list.map((axis) => `i${axis.index.id}<${axis.size}`).join(" ");
  const { reduction, running, stores } = kernel;
  const scalars = new Scalars(arrays);
  const lines: string[] = [];
  if (reduction) {
    lines.push(...scalars.define([reduction.value]));
    lines.push(`total = ${reduction.op} over ${axes(reduction.axes)} of ${scalars.text(reduction.value)}`);
  }
  if (running) {
    const { axis, op, start, factor, term } = running;
    lines.push(...scalars.define(scalarsOfRunning(running)));
    const next = op === "max" ? "the larger of total" : `${factor ? `${scalars.text(factor)} * ` : ""}total`;
    const added = term ? ` ${op === "max" ? "and" : "+"} ${scalars.text(term)}` : "";
    lines.push(`total = ${scalars.text(start)}, then along ${axes([axis])} ${next}${added}`);
  }
  lines.push(...scalars.define(stores.flatMap((s) => (s.moving ? [s.value, s.moving.position] : [s.value]))));
  const summed = kernel.scatter === "addExactly" ? stores.slice(0, 1) : stores;
  for (const s of summed) {
    const moving = s.moving ? ` + ${scalars.text(s.moving.position)}*${s.moving.scale}` : "";
    const place = `${arrays.name(s.buffer)}[${affine(s.at)}${moving}]`;
    lines.push(`${place} ${assignments[kernel.scatter ?? "set"]} ${scalars.text(s.value)}`);
  }
  if (summed.length < stores.length) lines.push(`${arrays.name(stores[1].buffer)} += what these additions lose`);
  return [`${kernel.name} over ${axes(kernel.axes) || "one point"}`, ...indent(lines)];
}

const assignments = { set: "=", add: "+=", addExactly: "+=", mul: "*=", min: "min=", max: "max=" } as const;

/** The expressions of a kernel. One that is used more than once gets a line and a name, or text would grow without bound. */
class Scalars {
  readonly #arrays: Arrays;
  readonly #names = new Map<Scalar, string>();

  constructor(arrays: Arrays) {
    this.#arrays = arrays;
  }

  /** Names what is used more than once below `roots`; the lines that say what the names mean. */
  define(roots: readonly Scalar[]): string[] {
    const uses = new Map<Scalar, number>();
    const count = (s: Scalar) => uses.set(s, (uses.get(s) ?? 0) + 1);
    roots.forEach(count);
    eachScalar(roots, (s) => operandsOf(s).forEach(count));
    const lines: string[] = [];
    eachScalar(roots, (s) => {
      if ((uses.get(s) ?? 0) < 2 || operandsOf(s).length === 0 || this.#names.has(s)) return;
      const name = `s${this.#names.size}`;
      lines.push(`${name} = ${this.text(s)}`);
      this.#names.set(s, name);
    });
    return lines;
  }

  text(s: Scalar): string {
    const name = this.#names.get(s);
    if (name) return name;
    const guards = (list: readonly { at: Affine; from: number; to: number }[]) =>
      list.map((g) => ` if ${g.from} <= ${affine(g.at)} < ${g.to}`).join("");
    if (s.kind === "constant") return String(s.value);
    if (s.kind === "position") return `(${affine(s.at)})`;
    if (s.kind === "total") return "total";
    if (s.kind === "within") return `(${this.text(s.value)}${guards(s.guards)})`;
    if (s.kind === "apply") return `${s.op}${s.order ?? ""}(${s.args.map((x) => this.text(x)).join(", ")})`;
    const moving = s.moving ? ` + ${this.text(s.moving.position)}*${s.moving.scale}` : "";
    return `${this.#arrays.name(s.buffer)}[${affine(s.at)}${moving}${guards(s.guards)}]`;
  }
}

function formatRoutine(routine: Routine, arrays: Arrays): string[] {
  const { name, indices, body, parts } = routine;
  const head = `${name}(${indices.map((i) => `i${i.id}`).join(", ")})`;
  return [parts > 1 ? `${head} in up to ${parts} parts:` : `${head}:`, ...indent(formatBody(body, arrays))];
}

const value = ({ id, type, lanes }: Value) => `v${id}:${type}${lanes > 1 ? `x${lanes}` : ""}`;

function formatBody(body: readonly Instruction[], arrays: Arrays): string[] {
  return body.flatMap((i) => formatInstruction(i, arrays));
}

function formatInstruction(i: Instruction, arrays: Arrays): string[] {
  if (i.op === "constant") return [`${value(i.to)} = ${i.value}`];
  if (i.op === "compute") return [`${value(i.to)} = ${i.name} ${i.args.map((v) => `v${v.id}`).join(" ")}`];
  if (i.op === "ramp") return [`${value(i.to)} = ramp ${affine(i.at)} by ${i.stride}`];
  if (i.op === "load") return [`${value(i.to)} = load ${arrays.place(i.from)} by ${i.stride}`];
  if (i.op === "fetch") return [`fetch ${arrays.place(i.from)}${i.write ? " to write" : ""}`];
  if (i.op === "store") return [`${arrays.place(i.to)} = v${i.value.id}`];
  if (i.op === "declare") return [`var ${value(i.to)} = v${i.from.id}`];
  if (i.op === "assign") return [`v${i.to.id} := v${i.from.id}`];
  if (i.op === "table") return [`${value(i.to)} = number i${i.at.id} of ${i.numbers.length}`];
  if (i.op === "when") return [`when any v${i.test.id}`, ...indent(formatBody(i.body, arrays))];
  const head = `for i${i.index.id} = ${i.from} to ${i.to} by ${i.step}${i.parallel ? ", parallel" : ""}`;
  return [head, ...indent(formatBody(i.body, arrays))];
}
