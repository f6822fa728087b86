import type { Code, ValueType, WasmFunction, WasmModule } from "./module.ts";
import { encodingOf } from "./opcodes.ts";

/** The binary format of a module (WebAssembly Core Specification 2.0, chapter 5). */
export function encode(module: WasmModule): Uint8Array<ArrayBuffer> {
  const { functions, pages } = module;
  const signatures = [...new Set(functions.map(signatureOf))];
  const last = functions.length - 1;
  const out: number[] = [0x00, ...ascii("asm"), 0x01, 0x00, 0x00, 0x00];
  const section = (id: number, content: readonly number[]) => append(out, [id, ...unsigned(content.length)], content);

  section(1, list(signatures.map((s) => [0x60, ...list([...s].map((c) => [c.charCodeAt(0)])), 0x00])));
  section(3, list(functions.map((f) => unsigned(signatures.indexOf(signatureOf(f))))));
  section(5, list([[0x01, ...unsigned(pages), ...unsigned(pages)]]));
  section(
    7,
    list([
      [...name("memory"), 0x02, 0x00],
      [...name(functions[last].name), 0x00, ...unsigned(last)],
    ]),
  );
  section(10, list(functions.map(bodyOf)));
  // Profilers and stack traces show these names.
  const names = list(functions.map((f, i) => [...unsigned(i), ...name(f.name)]));
  section(0, [...name("name"), 0x01, ...unsigned(names.length), ...names]);
  return Uint8Array.from(out);
}

const typeBytes: { readonly [T in ValueType]: number } = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A string of the parameters' type bytes: equal for equal signatures. */
function signatureOf(f: WasmFunction): string {
  return f.params.map((type) => String.fromCharCode(typeBytes[type])).join("");
}

function bodyOf(f: WasmFunction): number[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of f.locals) {
    const run = runs.at(-1);
    if (run?.type === type) run.count++;
    else runs.push({ type, count: 1 });
  }
  const body = list(runs.map(({ type, count }) => [...unsigned(count), typeBytes[type]]));
  for (const code of f.body) encodeInstruction(body, code);
  body.push(encodingOf("end").bytes[0]);
  return append(unsigned(body.length), body);
}

function encodeInstruction(out: number[], [opcode, ...immediates]: Code): void {
  const { bytes, immediates: kind } = encodingOf(opcode);
  out.push(...bytes);
  if (kind === "none") return;
  if (kind === "block") out.push(0x40);
  else if (kind === "index" || kind === "lane") out.push(...unsigned(Number(immediates[0])));
  else if (kind === "bytes") out.push(...(immediates[0] as Uint8Array));
  else if (kind === "i32" || kind === "i64") out.push(...signed(BigInt(immediates[0] as number | bigint)));
  else if (kind === "f32") out.push(...new Uint8Array(Float32Array.of(Number(immediates[0])).buffer));
  else if (kind === "f64") out.push(...new Uint8Array(Float64Array.of(Number(immediates[0])).buffer));
  else {
    out.push(kind.align, ...unsigned(Number(immediates[0])));
    if ("lane" in kind) out.push(Number(immediates[1]));
  }
}

/** LEB128 of a whole number from 0 to 2^32 - 1. */
export function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

/** Signed LEB128: ends once all that is left repeats the sign bit of the last group. */
export function signed(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const group = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (group & 0x40) === 0) || (rest === -1n && (group & 0x40) !== 0);
    out.push(done ? group : group | 0x80);
    if (done) return out;
  }
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function name(text: string): number[] {
  const bytes = ascii(text);
  return [...unsigned(bytes.length), ...bytes];
}

function list(items: readonly (readonly number[])[]): number[] {
  return append(unsigned(items.length), ...items);
}

/** A loop, for bodies can be longer than the arguments that a call may have. */
function append(out: number[], ...parts: readonly (readonly number[])[]): number[] {
  for (const part of parts) for (const byte of part) out.push(byte);
  return out;
}
