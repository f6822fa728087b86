import { Bytes } from "./bytes.ts";
import { type Code, together, type ValueType, type WasmFunction, type WasmModule } from "./module.ts";
import { encodingOf } from "./opcodes.ts";

/** The binary format of a module (WebAssembly Core Specification 2.0, chapter 5; threads: the proposal's binary format). */
export function encode({ functions, pages, threaded }: WasmModule): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  const imported = threaded ? [together] : [];
  const signatures = [...new Set([...imported, ...functions].map(signatureOf))];
  const typeOf = (f: Pick<WasmFunction, "params">) => out.unsigned(signatures.indexOf(signatureOf(f)));
  const section = (id: number, write: () => void) => {
    out.byte(id);
    out.sized(write);
  };
  const memory = () => {
    out.byte(threaded ? 0x03 : 0x01);
    out.unsigned(pages);
    out.unsigned(pages);
  };
  const named = (name: string, kind: number) => {
    out.name(name);
    out.byte(kind);
  };

  out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  section(1, () => out.list(signatures, (signature) => encodeSignature(out, signature)));
  if (threaded) {
    section(2, () => {
      out.list(["memory", ...imported], (one) => {
        out.name("pondus");
        if (typeof one === "string") {
          named(one, 0x02);
          memory();
        } else {
          named(one.name, 0x00);
          typeOf(one);
        }
      });
    });
  }
  section(3, () => out.list(functions, typeOf));
  if (!threaded) section(5, () => out.list([memory], (write) => write()));
  section(7, () => {
    const exported = functions.flatMap(({ exported: name }, k) =>
      name === undefined ? [] : [{ name, kind: 0x00, index: imported.length + k }],
    );
    if (!threaded) exported.push({ name: "memory", kind: 0x02, index: 0 });
    out.list(exported, ({ name, kind, index }) => {
      named(name, kind);
      out.unsigned(index);
    });
  });
  section(10, () => out.list(functions, (f) => out.sized(() => encodeBody(out, f))));
  // Profilers and stack traces show these names.
  section(0, () => {
    out.name("name");
    out.byte(0x01);
    out.sized(() =>
      out.list([...imported, ...functions], ({ name }, i) => {
        out.unsigned(i);
        out.name(name);
      }),
    );
  });
  return out.finish();
}

const typeBytes: { readonly [T in ValueType]: number } = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A string of the parameters' type bytes: equal for equal signatures. */
function signatureOf(f: Pick<WasmFunction, "params">): string {
  return f.params.map((type) => String.fromCharCode(typeBytes[type])).join("");
}

/** Functions from numbers to nothing. */
function encodeSignature(out: Bytes, signature: string): void {
  out.byte(0x60);
  out.list([...signature], (type) => out.byte(type.charCodeAt(0)));
  out.unsigned(0);
}

function encodeBody(out: Bytes, f: WasmFunction): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of f.locals) {
    const run = runs.at(-1);
    if (run?.type === type) run.count++;
    else runs.push({ type, count: 1 });
  }
  out.list(runs, ({ type, count }) => {
    out.unsigned(count);
    out.byte(typeBytes[type]);
  });
  // Instructions are many, and this is code that has not run before: an iterator would cost more than it does.
  for (let i = 0; i < f.body.length; i++) encodeInstruction(out, f.body[i]);
  out.bytes(encodingOf("end").bytes);
}

function encodeInstruction(out: Bytes, code: Code): void {
  const { bytes, immediates: kind } = encodingOf(code[0]);
  const value = code[1];
  out.bytes(bytes);
  // The frequent ones first.
  if (kind === "none") return;
  if (kind === "index") out.unsigned(value as number);
  else if (typeof kind === "object") {
    out.byte(kind.align);
    out.unsigned(value as number);
    if ("lane" in kind) out.byte(code[2] as number);
  } else if (kind === "i32") out.signed(value as number);
  else if (kind === "block") out.byte(0x40);
  else if (kind === "lane") out.unsigned(value as number);
  else if (kind === "bytes") out.bytes(value as Uint8Array);
  else if (kind === "i64") out.signedLong(BigInt(value as number | bigint));
  else if (kind === "f32") out.float32(value as number);
  else out.float64(value as number);
}
