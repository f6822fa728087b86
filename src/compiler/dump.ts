import type { Node } from "../graph/node.ts";
import { formatShape } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import type { Kernel, Scalar } from "./kernel.ts";
import type { Affine, Buffer, Call, Instruction, LoopProgram, Place, Routine, Step, Value } from "./loop.ts";

type Dumpable = string | readonly Node[] | readonly Step<Kernel>[] | LoopProgram;

/** Writes a pass's result to stderr in readable form when PONDUS_DUMP=1 (or the pass's own name). */
export function dump(pass: string, what: () => Dumpable): void {
  const wanted = process.env.PONDUS_DUMP;
  if (!wanted || (wanted !== "1" && !wanted.split(",").includes(pass))) return;
  process.stderr.write(`--- ${pass}\n${format(what())}\n`);
}

function format(what: Dumpable): string {
  if (typeof what === "string") return what;
  if ("steps" in what) return formatProgram(what);
  if (what.length > 0 && "kind" in what[0])
    return formatSteps(what as readonly Step<Kernel>[], formatKernel).join("\n");
  return formatGraph(what as readonly Node[]).join("\n");
}

export function formatProgram({ bytes, steps }: LoopProgram): string {
  const printed = new Set<Routine>();
  const format = ({ routine, counters }: Call): string[] => {
    const given = counters.map((x) => ("dtype" in x ? bufferName(x) : `i${x.id}`));
    const call = `${routine.name}(${given.join(", ")})`;
    if (printed.has(routine)) return [call];
    printed.add(routine);
    return [call, ...indent(formatRoutine(routine))];
  };
  return [`arena of ${bytes} bytes`, ...formatSteps(steps, format)].join("\n");
}

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/** One line a node: `%7 float32[32] = tanh %6`, numbered as listed; bodies are indented below their loop. */
export function formatGraph(roots: readonly Node[], numbers: Map<Node, number> = new Map()): string[] {
  const name = (node: Node) => {
    if (!numbers.has(node)) numbers.set(node, numbers.size);
    return `%${numbers.get(node)}`;
  };
  const lines = topological(roots).flatMap((node) => {
    const inputs = node.inputs.map((x) => ` ${name(x)}`).join("");
    const line = `${name(node)} ${node.dtype}${formatShape(node.shape)} = ${node.op}${inputs}${attributes(node)}`;
    const body = bodyOf(node);
    return body ? [line, ...indent(formatGraph(body, numbers))] : [line];
  });
  return [...lines, `return ${roots.map(name).join(" ")}`];
}

function bodyOf(node: Node): readonly Node[] | undefined {
  if (node.is("scan")) return [...node.attrs.next, ...node.attrs.ys];
  if (node.is("while")) return [node.attrs.test, ...node.attrs.next];
  return node.is("cond") ? [...node.attrs.whenTrue, ...node.attrs.whenFalse] : undefined;
}

function attributes(node: Node): string {
  if (node.is("parameter")) return ` ${node.attrs.parameter.name}`;
  if (node.is("bound")) return "";
  const plain = Object.entries(node.attrs).filter(([name, value]) => {
    if (name === "shape" || name === "dtype" || ArrayBuffer.isView(value)) return false;
    return typeof value !== "object" || (Array.isArray(value) && typeof value[0] === "number");
  });
  return plain.length > 0 ? ` ${plain.map(([name, value]) => `${name}=${value}`).join(" ")}` : "";
}

function formatSteps<K>(steps: readonly Step<K>[], launch: (kernel: K) => string[]): string[] {
  return steps.flatMap((step) => {
    const inner = (list: readonly Step<K>[]) => indent(formatSteps(list, launch));
    if (step.kind === "launch") return launch(step.kernel);
    if (step.kind === "repeat") {
      return [`repeat i${step.index.id} of ${step.length}${step.reverse ? " backwards" : ""}`, ...inner(step.body)];
    }
    if (step.kind === "branch") return [`if ${place(step.flag)}`, ...inner(step.yes), "else", ...inner(step.no)];
    return [
      `while ${place(step.flag)}, at most ${step.limit ?? "any"}`,
      ...inner(step.test),
      "do",
      ...inner(step.body),
    ];
  });
}

const bufferName = (b: Buffer) => `${b.kind[0]}${b.id}:${b.dtype}[${b.length}]@${b.offset}`;
const place = (p: Place) =>
  `${bufferName(p.buffer)}[${affine(p.at)}${p.moving ? ` + v${p.moving.position.id}*${p.moving.scale}` : ""}]`;

function affine(a: Affine): string {
  const terms = a.terms.map(({ index, scale }) => (scale === 1 ? `i${index.id}` : `${scale}*i${index.id}`));
  return [...terms, ...(a.offset !== 0 || terms.length === 0 ? [String(a.offset)] : [])].join(" + ");
}

function formatKernel(kernel: Kernel): string[] {
  const axes = (list: Kernel["axes"]) => list.map((axis) => `i${axis.index.id}<${axis.size}`).join(" ");
  const { reduction } = kernel;
  return [
    `${kernel.name} over ${axes(kernel.axes) || "one point"}`,
    ...(reduction ? [`  total = ${reduction.op} over ${axes(reduction.axes)} of ${scalar(reduction.value)}`] : []),
    ...kernel.stores.map(
      (s) =>
        `  ${bufferName(s.buffer)}[${affine(s.at)}${s.moving ? ` + ${scalar(s.moving.position)}*${s.moving.scale}` : ""}] ${kernel.scatter ? "+=" : "="} ${scalar(s.value)}`,
    ),
  ];
}

function scalar(s: Scalar): string {
  const guards = (list: readonly { at: Affine; from: number; to: number }[]) =>
    list.map((g) => ` if ${g.from}<=${affine(g.at)}<${g.to}`).join("");
  if (s.kind === "constant") return String(s.value);
  if (s.kind === "position") return `(${affine(s.at)})`;
  if (s.kind === "total") return "total";
  if (s.kind === "within") return `(${scalar(s.value)}${guards(s.guards)})`;
  if (s.kind === "apply") return `${s.op}(${s.args.map(scalar).join(", ")})`;
  const moving = s.moving ? ` + ${scalar(s.moving.position)}*${s.moving.scale}` : "";
  return `${bufferName(s.buffer)}[${affine(s.at)}${moving}${guards(s.guards)}]`;
}

function formatRoutine(routine: Routine): string[] {
  return [
    `${routine.name}(${routine.indices.map((i) => `i${i.id}`).join(", ")}):`,
    ...indent(formatBody(routine.body)),
  ];
}

const value = ({ id, type, lanes }: Value) => `v${id}:${type}${lanes > 1 ? `x${lanes}` : ""}`;

function formatBody(body: readonly Instruction[]): string[] {
  return body.flatMap(formatInstruction);
}

function formatInstruction(i: Instruction): string[] {
  if (i.op === "constant") return [`${value(i.to)} = ${i.value}`];
  if (i.op === "compute") return [`${value(i.to)} = ${i.name} ${i.args.map((v) => `v${v.id}`).join(" ")}`];
  if (i.op === "ramp") return [`${value(i.to)} = ramp ${affine(i.at)} by ${i.stride}`];
  if (i.op === "load") return [`${value(i.to)} = load ${place(i.from)} by ${i.stride}`];
  if (i.op === "fetch") return [`fetch ${place(i.from)}`];
  if (i.op === "store") return [`${place(i.to)} = v${i.value.id}`];
  if (i.op === "declare") return [`var ${value(i.to)} = v${i.from.id}`];
  if (i.op === "assign") return [`v${i.to.id} := v${i.from.id}`];
  if (i.op === "if") return [`if v${i.test.id}`, ...indent(formatBody(i.body))];
  return [`for i${i.index.id} = ${i.from} to ${i.to} by ${i.step}`, ...indent(formatBody(i.body))];
}
