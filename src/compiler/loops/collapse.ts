import type { Axis, Guard, Kernel, Moving, Running, Scalar } from "../ir/kernel.ts";
import { scalarsOf } from "../ir/kernel.ts";
import { type Affine, type Index, scaleOf } from "../ir/loop.ts";

/**
 * Merges neighbouring axes that step through every array as one: [256, 128] read and written in order is one loop of
 * 32768. Axes of size 1 go.
 */
export function collapse(kernel: Kernel): Kernel {
  const affines = affinesOf(kernel);
  const gone = new Set<Index>();
  const shrink = (axes: readonly Axis[]): Axis[] => {
    const out: Axis[] = [];
    for (const axis of axes) {
      const outer = out[out.length - 1];
      if (axis.size === 1) gone.add(axis.index);
      else if (outer && affines.every((a) => scaleOf(a, outer.index) === scaleOf(a, axis.index) * axis.size)) {
        out[out.length - 1] = { index: axis.index, size: outer.size * axis.size };
        gone.add(outer.index);
      } else out.push(axis);
    }
    return out;
  };
  const axes = kernel.scatter ? [...kernel.axes] : shrink(kernel.axes);
  const loops = kernel.reduction && shrink(kernel.reduction.axes);
  if (gone.size === 0) return kernel;
  const clean = (a: Affine): Affine => ({ offset: a.offset, terms: a.terms.filter((t) => !gone.has(t.index)) });
  const change = rebuilder(clean);
  return {
    ...kernel,
    axes,
    running: kernel.running && changeRunning(kernel.running, change),
    reduction: kernel.reduction && loops && { ...kernel.reduction, axes: loops, value: change(kernel.reduction.value) },
    stores: kernel.stores.map((s) => ({ ...s, at: clean(s.at), value: change(s.value) })),
  };
}

function changeRunning(running: Running, change: (s: Scalar) => Scalar): Running {
  const { start, factor, term } = running;
  return { ...running, start: change(start), factor: factor && change(factor), term: term && change(term) };
}

function affinesOf(kernel: Kernel): Affine[] {
  const found: Affine[] = kernel.stores.map((s) => s.at);
  for (const s of scalarsOf(kernel)) {
    if (s.kind === "load" || s.kind === "position") found.push(s.at);
    if (s.kind === "load" || s.kind === "within") for (const g of s.guards) found.push(g.at);
  }
  return found;
}

/** Rebuilds scalars with every index expression replaced, and the total by `total`; shared scalars stay shared. */
export function rebuilder(change: (a: Affine) => Affine, total?: Scalar): (s: Scalar) => Scalar {
  const done = new Map<Scalar, Scalar>();
  const guards = (list: readonly Guard[]) => list.map((g) => ({ ...g, at: change(g.at) }));
  const moving = (m: Moving | undefined) => m && { ...m, position: go(m.position) };
  const rebuild = (s: Scalar): Scalar => {
    if (s.kind === "position") return { ...s, at: change(s.at) };
    if (s.kind === "load") return { ...s, at: change(s.at), guards: guards(s.guards), moving: moving(s.moving) };
    if (s.kind === "within") return { ...s, guards: guards(s.guards), value: go(s.value) };
    if (s.kind === "apply") return { ...s, args: s.args.map(go) };
    return (s.kind === "total" && total) || s;
  };
  const go = (s: Scalar): Scalar => {
    let made = done.get(s);
    if (!made) {
      made = rebuild(s);
      done.set(s, made);
    }
    return made;
  };
  return go;
}
