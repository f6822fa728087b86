import { type Code, together, type WasmFunction, type WasmModule } from "./module.ts";
import { encodingOf } from "./opcodes.ts";

/** The text format of a module: the same instructions as the binary, to be read and compared. */
export function textOf({ functions, pages, threaded }: WasmModule): string {
  const memory = threaded
    ? [
        `  (import "pondus" "memory" (memory ${pages} ${pages} shared))`,
        `  (import "pondus" "${together.name}" (func $${together.name} (param ${together.params.join(" ")})))`,
      ]
    : [`  (memory (export "memory") ${pages} ${pages})`];
  return ["(module", ...memory, ...functions.flatMap(functionText), ")\n"].join("\n");
}

function functionText({ name, params, locals, body, exported }: WasmFunction): string[] {
  const head = [`(func $${name}`];
  if (exported !== undefined) head.push(`(export "${exported}")`);
  if (params.length) head.push(`(param ${params.join(" ")})`);
  if (locals.length) head.push(`(local ${locals.join(" ")})`);
  const lines = [`  ${head.join(" ")}`];
  let depth = 2;
  for (const code of body) {
    const [opcode] = code;
    if (opcode === "end" || opcode === "else") depth--;
    lines.push("  ".repeat(depth) + instructionText(code));
    if (opcode === "else" || encodingOf(opcode).immediates === "block") depth++;
  }
  lines.push("  )");
  return lines;
}

function instructionText([opcode, ...immediates]: Code): string {
  const kind = encodingOf(opcode).immediates;
  if (kind === "f32" || kind === "f64") return `${opcode} ${floatText(Number(immediates[0]))}`;
  if (opcode === "v128.const") {
    const words = new Uint32Array((immediates[0] as Uint8Array).slice().buffer);
    return `${opcode} i32x4 ${[...words].map((w) => `0x${w.toString(16).padStart(8, "0")}`).join(" ")}`;
  }
  if (kind === "bytes") return `${opcode} ${[...(immediates[0] as Uint8Array)].join(" ")}`;
  if (typeof kind === "object") {
    const [offset, lane] = immediates;
    return `${opcode}${offset === 0 ? "" : ` offset=${offset}`}${lane === undefined ? "" : ` ${lane}`}`;
  }
  return [opcode, ...immediates].join(" ");
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
