import type { Axis, Guard, Kernel, Moving, Scalar } from "../ir/kernel.ts";
import { operandsOf } from "../ir/kernel.ts";
import type { Affine, Buffer, Index } from "../ir/loop.ts";

/**
 * A kernel's form: what is left of it when one forgets which arrays it works on. Kernels of one form differ only in
 * `buffers` and `indices`, which stand in the order in which the form mentions them.
 */
export interface Signature {
  readonly form: string;
  readonly buffers: readonly Buffer[];
  /** Counters of the loops around the kernel that it reads. */
  readonly indices: readonly Index[];
}

export function signatureOf(kernel: Kernel): Signature {
  const own = new Map<Index, number>();
  const outer = new Map<Index, number>();
  const buffers = new Map<Buffer, number>();
  const scalars = new Map<Scalar, number>();
  const text: string[] = [];

  const numbered = <K>(map: Map<K, number>, key: K): number => {
    let n = map.get(key);
    if (n === undefined) {
      n = map.size;
      map.set(key, n);
    }
    return n;
  };
  const axes = (list: readonly Axis[]) => {
    for (const { index, size } of list) text.push(`i${numbered(own, index)}<${size}`);
  };
  const affine = ({ offset, terms }: Affine) => {
    if (terms.length === 0) return `${offset}+`;
    const parts = terms.map(({ index, scale }) => {
      const n = own.get(index);
      return n === undefined ? `${scale}o${numbered(outer, index)}` : `${scale}i${n}`;
    });
    return `${offset}+${(parts.length > 1 ? parts.sort() : parts).join("+")}`;
  };
  const buffer = (b: Buffer) => `b${numbered(buffers, b)}:${b.dtype}${b.length}`;
  const guards = (list: readonly Guard[]) => list.map((g) => `?${g.from}<=${affine(g.at)}<${g.to}`).join("");
  const moving = (m: Moving | undefined) =>
    m ? `~${scalars.get(m.position)}*${m.scale}${m.inRange ? "" : `<${m.size}`}` : "";

  const visit = (s: Scalar): void => {
    if (scalars.has(s)) return;
    operandsOf(s).forEach(visit);
    const operands = operandsOf(s).map((x) => scalars.get(x));
    text.push(`s${scalars.size}=${describe(s, operands)}`);
    scalars.set(s, scalars.size);
  };
  const describe = (s: Scalar, operands: readonly (number | undefined)[]): string => {
    if (s.kind === "constant") return `${Object.is(s.value, -0) ? "-0" : s.value}:${s.dtype}`;
    if (s.kind === "position") return `@${affine(s.at)}`;
    if (s.kind === "load") return `${buffer(s.buffer)}[${affine(s.at)}]${guards(s.guards)}${moving(s.moving)}`;
    if (s.kind === "within") return `within ${operands}${guards(s.guards)}`;
    return s.kind === "apply" ? `${s.op}${s.order ?? ""} ${operands}:${s.dtype}` : `total:${s.dtype}`;
  };

  text.push(kernel.name, kernel.scatter ? `scatter ${kernel.scatter}` : "");
  axes(kernel.axes);
  if (kernel.reduction) {
    text.push(kernel.reduction.op);
    axes(kernel.reduction.axes);
    visit(kernel.reduction.value);
    text.push(`of s${scalars.get(kernel.reduction.value)}`);
  }
  if (kernel.running) {
    const { op, axis, start, factor, term } = kernel.running;
    axes([axis]);
    const [first, times, plus] = [start, factor, term].map((s) => {
      if (s) visit(s);
      return s && `s${scalars.get(s)}`;
    });
    text.push(`${op} runs from ${first} by ${times} and ${plus}`);
  }
  for (const s of kernel.stores) {
    visit(s.value);
    if (s.moving) visit(s.moving.position);
    text.push(`${buffer(s.buffer)}[${affine(s.at)}]${moving(s.moving)}=s${scalars.get(s.value)}`);
  }
  return { form: text.join("\n"), buffers: [...buffers.keys()], indices: [...outer.keys()] };
}
