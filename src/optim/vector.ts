import { type Tensor, where } from "../tensor/tensor.ts";

/** A vector with an entry for every knob, as pieces in the parameters' shapes. */
export type Vector = readonly Tensor[];

export function dot(a: Vector, b: Vector): Tensor {
  return a.map((x, i) => x.mul(b[i]).sum()).reduce((sum, x) => sum.add(x));
}

/** a + t b. */
export function along(a: Vector, t: Tensor, b: Vector): Tensor[] {
  return a.map((x, i) => x.add(b[i].mul(t)));
}

export function scaled(a: Vector, t: Tensor): Tensor[] {
  return a.map((x) => x.mul(t));
}

export function minus(a: Vector, b: Vector): Tensor[] {
  return a.map((x, i) => x.sub(b[i]));
}

export function negated(a: Vector): Tensor[] {
  return a.map((x) => x.neg());
}

/** The largest entry's size. */
export function largest(a: Vector): Tensor {
  return a.map((x) => x.abs().max()).reduce((most, x) => most.maximum(x));
}

/** One of two, by one bool. */
export function choose(test: Tensor, yes: Vector, no: Vector): Tensor[] {
  return yes.map((x, i) => where(test, x, no[i]));
}

/** Whether any entry differs. */
export function differ(a: Vector, b: Vector): Tensor {
  return a
    .map((x, i) => x.ne(b[i]).cast("int32").flatten().max())
    .reduce((most, x) => most.maximum(x))
    .gt(0);
}

/** A vector among what a loop carries: `g0`, `g1`, ... */
export function carried(name: string, v: Vector): Record<string, Tensor> {
  return Object.fromEntries(v.map((x, i) => [`${name}${i}`, x]));
}

/** The vector that a loop carries under that name. */
export function vectorIn(carry: { readonly [name: string]: Tensor }, name: string, like: Vector): Tensor[] {
  return like.map((_, i) => carry[`${name}${i}`]);
}
