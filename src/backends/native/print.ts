import {
  type Affine,
  type Buffer,
  type Call,
  type Index,
  type Instruction,
  type LoopProgram,
  type Place,
  passed,
  type Routine,
  type Step,
  type Value,
} from "../../compiler/ir/loop.ts";
import { workOfSteps } from "../../compiler/loops/parallel.ts";
import { bytesOf } from "../../graph/dtype.ts";
import { printCompute } from "./compute.ts";
import { prelude } from "./prelude.ts";
import { isMask, scalarName, typeName } from "./types.ts";

/**
 * A loop program as C: a function per routine, `pondus_run`, which runs the steps over the arena with a team of threads,
 * and `pondus_align`, which says how far a pointer is from the next multiple of 64. A long program comes in several
 * files, at most `most`, for as many compilers to work on at once.
 */
export function printC(program: LoopProgram, most = 1): string[] {
  const lanes = new Set<number>();
  const printed = new Map<Routine, string[]>();
  const loops: string[][] = [];
  const define = (lines: readonly string[]) => {
    const name = `iterations_${loops.length}`;
    loops.push([`static void ${name}(${sharedParameters}) {`, ...indent(lines), "}"]);
    return name;
  };
  const body = printSteps(program.steps, { counters: [], apart: false, define }, (call, around) => {
    if (!printed.has(call.routine)) printed.set(call.routine, printRoutine(call.routine, lanes));
    return launch(call, around);
  });
  const files = balanced([...printed.values()], most);
  const declared = files.slice(1).flatMap((routines) => routines.map(([head]) => `${head};`));
  const main = [
    ...declared,
    ...loops.flat(),
    "void pondus_run(char *m, struct team *team) {",
    ...indent(body),
    "}",
    "long pondus_align(char *m) { return -(long)m & 63; }",
    "",
  ];
  const begin = prelude(lanes);
  return files.map((routines, k) => {
    const text = routines.map(([head, ...rest]) => [`${head} {`, ...rest].join("\n"));
    return [begin, ...text, ...(k === 0 ? main : [])].join("\n");
  });
}

/** A compiler has enough to do with so many lines: to start another one and to link costs 30 ms. */
const linesPerFile = 1000;

/** Deals routines out to files of about equal length, the longest first. */
function balanced(routines: readonly string[][], most: number): string[][][] {
  const all = routines.reduce((n, lines) => n + lines.length, 0);
  const count = Math.max(1, Math.min(most, Math.floor(all / linesPerFile)));
  if (count === 1) return [[...routines]];
  const files = Array.from({ length: count }, () => ({ lines: 0, routines: [] as string[][] }));
  for (const routine of [...routines].sort((a, b) => b.length - a.length)) {
    const file = files.reduce((least, f) => (f.lines < least.lines ? f : least));
    file.lines += routine.length;
    file.routines.push(routine);
  }
  return files.map((f) => f.routines);
}

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/** What surrounds steps that are printed. */
interface Around {
  /** Counters of the loops around them. */
  readonly counters: readonly Index[];
  /** True in a function of which every thread runs some iterations: there `me` is the thread's number. */
  readonly apart: boolean;
  /** Gives a function's name, and has it printed. */
  readonly define: (lines: readonly string[]) => string;
}

function printSteps(
  steps: readonly Step<Call>[],
  around: Around,
  launch: (call: Call, around: Around) => string,
): string[] {
  return steps.flatMap((step) => {
    const inner = (list: readonly Step<Call>[], index?: Index, apart = around.apart) => {
      const counters = index ? [...around.counters, index] : around.counters;
      return indent(printSteps(list, { ...around, counters, apart }, launch));
    };
    if (step.kind === "launch") return [launch(step.kernel, around)];
    if (step.kind === "branch") {
      return [`if (${word(step.flag, around)}) {`, ...inner(step.yes), "} else {", ...inner(step.no), "}"];
    }
    const i = `i${step.index.id}`;
    if (step.kind === "repeat") {
      if (step.apart) {
        const name = around.define([
          ...around.counters.map((index, k) => `const long ${indexName(index)} = at[${k}];`),
          `for (long ${i} = ${step.length} * part / parts, end = ${step.length} * (part + 1) / parts; ${i} < end; ${i}++) {`,
          ...inner(step.body, step.index, true),
          "}",
        ]);
        return [
          together(
            name,
            around.counters.map(indexName),
            step.length,
            workOfSteps([step], (call) => call.routine.work),
          ),
        ];
      }
      const length = step.count && word(step.count, around);
      const head = step.reverse
        ? `for (long ${i} = ${length ? `${length} - 1` : step.length - 1}; ${i} >= 0; ${i}--) {`
        : `for (long ${i} = 0; ${i} < ${length ?? step.length}; ${i}++) {`;
      return [head, ...inner(step.body, step.index), "}"];
    }
    const limit = step.limit === undefined ? "" : `${i} < ${step.limit}`;
    return [
      `for (long ${i} = 0; ${limit}; ${i}++) {`,
      ...inner(step.test, step.index),
      `  if (!${word(step.flag, around)}) break;`,
      ...inner(step.body, step.index),
      "}",
    ];
  });
}

/** How much further a thread's own copy lies than the first one, or an iteration's. */
const shift = ({ stride, iteration }: Buffer, { apart }: Around, unit: number) =>
  apart && stride ? ` + ${iteration ? indexName(iteration) : "me"} * ${stride / unit}L` : "";

/** The int32 or bool at a place. */
const word = ({ buffer, at }: Place, around: Around) =>
  `*(int *)(m + ${buffer.offset}${shift(buffer, around, 1)} + 4 * (${affine(at)}))`;

function launch({ routine: { name, parts, work }, counters }: Call, around: Around): string {
  const given = counters.map((x) => {
    const where = passed(x);
    if (typeof where !== "number") return indexName(where);
    return `${where}L${"dtype" in x ? shift(x, around, bytesOf[x.dtype]) : ""}`;
  });
  if (parts === 1) return `${name}(${["m", ...given].join(", ")});`;
  // A thread that runs iterations of a loop runs all of what is in them.
  return around.apart ? `${name}(m, ${listed(given)}, 0, 1, 0);` : together(name, given, parts, work);
}

const listed = (counters: readonly string[]) => (counters.length > 0 ? `(const long[]){${counters.join(", ")}}` : "0");

/** Work is in instructions; a loop of unknown length is long. */
const together = (name: string, counters: readonly string[], parts: number, work: number) =>
  `team->together(team, ${name}, m, ${listed(counters)}, ${parts}, ${Math.min(work, 1e15)}L);`;

const sharedParameters = "char *m, const long *at, long part, long parts, long me";

/** The head, then the lines of the body and its end. */
function printRoutine({ name, indices, parts, body }: Routine, lanes: Set<number>): string[] {
  const alone = ["char *m", ...indices.map((i) => `long i${i.id}`)].join(", ");
  return [
    `ROUTINE void ${name}(${parts === 1 ? alone : sharedParameters})`,
    ...indent(parts === 1 ? [] : indices.map((i, k) => `const long i${i.id} = at[${k}];`)),
    ...indent(printBody(body, { lanes, numbers: new Map() })),
    "}",
  ];
}

const name = (v: Value) => `v${v.id}`;

/** What was printed of a routine: vectors of how many lanes, and constants. */
interface Seen {
  readonly lanes: Set<number>;
  readonly numbers: Map<Value, number>;
}

function printBody(body: readonly Instruction[], seen: Seen): string[] {
  const { lanes, numbers } = seen;
  return body.flatMap((i): string[] => {
    if ("to" in i && typeof i.to === "object" && "lanes" in i.to) lanes.add(i.to.lanes);
    const define = (to: Value, value: string) => [`const ${typeName(to)} ${name(to)} = ${value};`];
    switch (i.op) {
      case "constant":
        numbers.set(i.to, i.value);
        return define(i.to, i.to.lanes === 1 ? literal(i.to, i.value) : vectorConstant(i.to, i.value));
      case "compute":
        return define(
          i.to,
          printCompute(i, name, (v) => numbers.get(v)),
        );
      case "ramp":
        return define(i.to, ramp(i.to, i.at, i.stride));
      case "load":
        return define(i.to, load(i.to, i.from, i.stride));
      case "fetch":
        return [`__builtin_prefetch(${pointer(i.from, "char")}, ${i.write ? 1 : 0}, 3);`];
      case "store":
        return [store(i.value, i.to)];
      case "table": {
        const type = scalarName[i.to.type];
        const list = i.numbers.map((n) => literal(i.to, n)).join(", ");
        const one = `numbers_${i.to.id}[${indexName(i.at)}]`;
        return [
          `static const ${type} numbers_${i.to.id}[] = {${list}};`,
          ...define(i.to, i.to.lanes === 1 ? one : `${one} - (${typeName(i.to)}){0}`),
        ];
      }
      case "when": {
        const test = i.test.lanes === 1 ? name(i.test) : `any_${typeName(i.test)}(${name(i.test)})`;
        return [`if (__builtin_expect(${test}, 0)) {`, ...indent(printBody(i.body, seen)), "}"];
      }
      case "declare":
        return [`${typeName(i.to)} ${name(i.to)} = ${name(i.from)};`];
      case "assign":
        return [`${name(i.to)} = ${name(i.from)};`];
      default: {
        const v = indexName(i.index);
        const edge = (part: string) =>
          `${i.from} + ${Math.ceil((i.to - i.from) / i.step)} * ${part} / parts * ${i.step}`;
        return [
          i.parallel
            ? `for (long ${v} = ${edge("part")}, end = ${edge("(part + 1)")}; ${v} < end; ${v} += ${i.step}) {`
            : `for (long ${v} = ${i.from}; ${v} < ${i.to}; ${v} += ${i.step}) {`,
          ...indent(printBody(i.body, seen)),
          "}",
        ];
      }
    }
  });
}

const indexName = (index: Index) => `i${index.id}`;

/** A number as C reads it back exactly. */
function literal({ type }: Value, value: number): string {
  if (type === "float32" || type === "float64") {
    const suffix = type === "float32" ? "f" : "";
    if (Number.isNaN(value)) return `__builtin_nan${suffix}("")`;
    if (!Number.isFinite(value)) return `${value < 0 ? "-" : ""}__builtin_inf${suffix}()`;
    const text = Object.is(value, -0) ? "-0" : String(value);
    return `${/[.e]/.test(text) ? text : `${text}.0`}${suffix}`;
  }
  if (type === "int32" && value === -(2 ** 31)) return "(-2147483647 - 1)";
  return type === "int64" ? `${value}LL` : String(value);
}

function vectorConstant(to: Value, value: number): string {
  const one = isMask(to.type) ? (value ? "-1" : "0") : literal(to, value);
  return `{${new Array(to.lanes).fill(one).join(", ")}}`;
}

function affine(a: Affine): string {
  const terms = a.terms.map(({ index, scale }) => (scale === 1 ? indexName(index) : `${indexName(index)} * ${scale}L`));
  // As a long: an int would overflow where an array is larger than 2 GiB.
  if (a.offset !== 0 || terms.length === 0) terms.push(`${a.offset}L`);
  return terms.join(" + ");
}

function pointer(place: Place, type: string): string {
  const moving = place.moving ? ` + (long)${name(place.moving.position)} * ${place.moving.scale}L` : "";
  const bytes = bytesOf[place.buffer.dtype];
  return `(${type} *)(m + ${place.buffer.offset} + ${bytes} * (${affine(place.at)}${moving}))`;
}

function ramp(to: Value, a: Affine, stride: number): string {
  const start = `(int)(${affine(a)})`;
  if (to.lanes === 1) return start;
  const steps = Array.from({ length: to.lanes }, (_, k) => k * stride);
  return `${start} + (${typeName(to)}){${steps.join(", ")}}`;
}

function load(to: Value, from: Place, stride: number): string {
  const element = scalarName[to.type];
  if (to.lanes === 1) return `*${pointer(from, element)}`;
  const mask = isMask(to.type);
  if (stride === 1) return `${mask ? "-" : ""}*${pointer(from, `${typeName(to)}_at`)}`;
  const base = pointer(from, element);
  if (stride === 0) return `${mask ? "-" : ""}*${base} - (${typeName(to)}){0}`;
  const lanes = Array.from({ length: to.lanes }, (_, k) => `${mask ? "-" : ""}(${base})[${k * stride}L]`);
  return `{${lanes.join(", ")}}`;
}

function store(value: Value, to: Place): string {
  if (value.lanes === 1) return `*${pointer(to, scalarName[value.type])} = ${name(value)};`;
  if (isMask(value.type)) {
    // A mask is stored as int32 0 or 1, whatever its width.
    const narrow = `-__builtin_convertvector(${name(value)}, i32x${value.lanes})`;
    return `*${pointer(to, `i32x${value.lanes}_at`)} = ${narrow};`;
  }
  return `*${pointer(to, `${typeName(value)}_at`)} = ${name(value)};`;
}
