import type { Place, Value } from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";
import { isMask, isVector, named, scalarShape, widthOf } from "../module/types.ts";
import type { Addresses } from "./address.ts";
import type { Operands } from "./operands.ts";

/** Pushes what `stride` elements apart lies in memory, in lanes. */
export function printLoad(o: Operands, addresses: Addresses, to: Value, from: Place, stride: number): void {
  checkType(to, from);
  const { writer } = o;
  const push = (lane: number) => addresses.push(elementAfter(from, lane * stride), o.push);
  if (!isVector(to)) {
    writer.emit(named(scalarShape(to.type), "load"), push(0));
    return;
  }
  const narrow = widthOf(to.type) === 4;
  if (stride === 1) writer.emit("v128.load", push(0));
  else if (stride === 0) writer.emit(narrow ? "v128.load32_splat" : "v128.load64_splat", push(0));
  else {
    // An instruction for one lane takes the address below the vector, hence the last one first.
    const offsets = Array.from({ length: to.lanes }, (_, i) => push(to.lanes - 1 - i)).reverse();
    writer.emit(narrow ? "v128.load32_zero" : "v128.load64_zero", offsets[0]);
    const opcode = narrow ? "v128.load32_lane" : "v128.load64_lane";
    for (let lane = 1; lane < to.lanes; lane++) writer.emit(opcode, offsets[lane], lane);
  }
  if (to.type === "mask32") writer.emit("i32x4.neg");
}

/** Stores a value. `settle` runs once the value is known, and before memory changes. */
export function printStore(o: Operands, addresses: Addresses, value: Value, to: Place, settle: () => void): void {
  checkType(value, to);
  const offset = addresses.push(to, o.push);
  o.push(value);
  if (isVector(value) && value.type === "mask32") o.writer.emit("i32x4.neg");
  settle();
  o.writer.emit(isVector(value) ? "v128.store" : named(scalarShape(value.type), "store"), offset);
}

function elementAfter(place: Place, elements: number): Place {
  return elements === 0 ? place : { ...place, at: { ...place.at, offset: place.at.offset + elements } };
}

/** A bool is an int32 in memory, and a mask in a register. */
function checkType({ type }: Value, { buffer }: Place): void {
  const fits = isMask(type)
    ? type === "mask32" && (buffer.dtype === "bool" || buffer.dtype === "int32")
    : widthOf(type) === bytesOf[buffer.dtype];
  if (!fits) throw new InternalError(`${type} in a buffer of ${buffer.dtype}`);
}
