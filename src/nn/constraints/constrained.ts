import { type Constraint, entryName, type Numbering, numberingOf } from "../../graph/constraint.ts";
import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import { inheriting } from "../../graph/origin.ts";
import { type Constrained, Parameter } from "../../graph/parameter.ts";
import type { Stream } from "../../graph/random/stream.ts";
import { rounded } from "../../graph/round.ts";
import { constrainTo } from "../../tensor/parameter.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { inside, outside } from "./reparametrise.ts";
import { weightExpression } from "./weight-expression.ts";

/**
 * Puts a weight under a constraint in place of the one that it had. Its entries keep their values as exactly as they can:
 * a group takes that of its first entry, and what chance chose is brought inside the bounds.
 *
 * @throws `constraint.value` when a value that was written or trained lies outside its bounds
 */
export function putUnder(weight: Parameter, constraint: Constraint): void {
  const numbering = numberingOf(constraint);
  const numbers = weight.source === "none" ? undefined : numbersFor(weight, constraint, numbering);
  const knobs = numbering.free.length > 0 ? partOf(weight, constraint, numbering, "free") : undefined;
  const frozen = numbering.frozen.length > 0 ? partOf(weight, constraint, numbering, "frozen") : undefined;
  const source = weight.source === "given" ? "given" : "chance";
  if (numbers) knobs?.write(numbers.free, source);
  if (numbers) frozen?.write(numbers.frozen, source);
  else if (numbering.frozen.every((g) => constraint.groups[g].frozen?.from !== "drawn")) {
    frozen?.write(numbering.frozen.map((g) => constraint.groups[g].frozen?.value as number));
  }
  const leaf = (p: Parameter | undefined) => p && new Tensor(make("parameter", [], { parameter: p }));
  const { origin } = make("parameter", [], { parameter: weight });
  const expression = inheriting(origin, () => weightExpression(constraint, numbering, leaf(knobs), leaf(frozen)));
  constrainTo(weight, constrainedBy(constraint, numbering, knobs, frozen), expression);
}

/** The numbers that give the weight's present entries. A knob whose bounds stay stands where it stood. */
function numbersFor(weight: Parameter, c: Constraint, { free, frozen }: Numbering) {
  const entries = weight.read();
  const first = firstEntries(c);
  const before = weight.constrained;
  const old = before && numberingOf(before.constraint);
  const stood = before?.knobs?.read();
  return {
    frozen: frozen.map((g) => valueWhereFrozen(c, g, entries[first[g]])),
    free: free.map((g) => {
      const group = c.groups[g];
      const earlier = before?.constraint.groups[before.constraint.groupOf[first[g]]];
      if (
        stood &&
        old &&
        earlier &&
        !earlier.frozen &&
        earlier.lower === group.lower &&
        earlier.upper === group.upper
      ) {
        return stood[old.index[first[g]]];
      }
      const value = entries[first[g]];
      const nearest = Math.min(Math.max(value, group.lower), group.upper);
      if (nearest !== value && weight.source === "given") {
        throw new PondusError(
          "constraint.value",
          `${weight.name}: entry ${entryName(c.shape, first[g])} is ${value}, outside [${group.lower}, ${group.upper}]; ` +
            "write a value inside first, or constrain the weight before it gets its values.",
        );
      }
      return outside(nearest, group, c.dtype);
    }),
  };
}

const valueWhereFrozen = ({ groups }: Constraint, group: number, drawn: number) => {
  const { frozen, lower, upper } = groups[group];
  return frozen && frozen.from !== "drawn" ? frozen.value : Math.min(Math.max(drawn, lower), upper);
};

/** The first entry of each group. */
function firstEntries({ groupOf, groups }: Constraint): Int32Array {
  const first = new Int32Array(groups.length);
  for (let entry = groupOf.length - 1; entry >= 0; entry--) first[groupOf[entry]] = entry;
  return first;
}

/** A parameter for the free numbers or for the frozen ones, which is drawn as the weight is. */
function partOf(weight: Parameter, c: Constraint, numbering: Numbering, which: "free" | "frozen"): Parameter {
  const groups = numbering[which];
  const whole = which === "frozen" && groups.length === c.groupOf.length;
  const first = firstEntries(c);
  const name = which === "frozen" && numbering.free.length > 0 ? ".frozen" : "";
  const made = new Parameter({
    name: weight.given + name,
    shape: whole ? c.shape : [groups.length],
    dtype: c.dtype,
    trainable: which === "free" && weight.trainable,
    of: weight,
    init: (random: Stream) => {
      const entries = drawn(weight, random);
      return (i) => {
        const group = c.groups[groups[i]];
        const value = entries[first[groups[i]]];
        if (which === "frozen") return valueWhereFrozen(c, groups[i], value);
        return outside(Math.min(Math.max(value, group.lower), group.upper), group, c.dtype);
      };
    },
  });
  made.name = weight.name + name;
  return made;
}

/** All entries as the weight's own initializer chooses them. */
function drawn(weight: Parameter, random: Stream): TypedArray {
  const entries = allocate(weight.dtype, weight.size);
  const fill = weight.init(random, weight.shape);
  if (typeof fill === "number") return entries.fill(fill);
  for (let i = 0; i < entries.length; i++) entries[i] = fill(i);
  return entries;
}

function constrainedBy(
  constraint: Constraint,
  numbering: Numbering,
  knobs: Parameter | undefined,
  frozen: Parameter | undefined,
): Constrained {
  const { groups, groupOf, shape, dtype } = constraint;
  const first = firstEntries(constraint);
  return {
    constraint,
    knobs,
    frozen,
    read() {
      const [free, held] = [knobs?.read() ?? [], frozen?.read() ?? []];
      const numbers = [...Array.from(free, (x, i) => inside(x, groups[numbering.free[i]], dtype)), ...held];
      const entries = allocate(dtype, groupOf.length);
      for (let i = 0; i < entries.length; i++) entries[i] = numbers[numbering.index[i]];
      return entries;
    },
    refusal(values) {
      for (let i = 0; i < groupOf.length; i++) {
        const value = rounded(values[i], dtype);
        const { lower, upper, frozen: held } = groups[groupOf[i]];
        const entry = `entry ${entryName(shape, i)} is ${value}`;
        if (held?.from === "given" && value !== held.value) return `${entry}, but it is frozen at ${held.value}`;
        if (!(value >= lower && value <= upper)) return `${entry}, outside its bounds [${lower}, ${upper}]`;
        const leader = first[groupOf[i]];
        const other = rounded(values[leader], dtype);
        if (value !== other) return `${entry}, but it is tied to entry ${entryName(shape, leader)}, which is ${other}`;
      }
      return undefined;
    },
    write(values) {
      const at = (g: number) => rounded(values[first[g]], dtype);
      knobs?.write(numbering.free.map((g) => outside(at(g), groups[g], dtype)));
      frozen?.write(numbering.frozen.map(at));
    },
    draw(seed, index) {
      knobs?.draw(seed, index);
      const from = numbering.frozen.map((g) => groups[g].frozen?.from);
      if (!frozen || !from.includes("drawn")) return;
      const before = frozen.source === "none" ? undefined : frozen.read().slice();
      frozen.draw(seed, index);
      if (!before || !from.includes("kept")) return;
      const fresh = frozen.read();
      frozen.write(
        before.map((value, i) => (from[i] === "drawn" ? fresh[i] : value)),
        "chance",
      );
    },
  };
}

/** The constraint, with what is kept frozen at the values that it has by now. */
export function presentConstraint(constrained: Constrained): Constraint {
  const { constraint, frozen } = constrained;
  const values = frozen?.read();
  if (!values) return constraint;
  const numbering = numberingOf(constraint);
  const groups = [...constraint.groups];
  numbering.frozen.forEach((g, i) => {
    const held = groups[g].frozen;
    if (held?.from === "kept") groups[g] = { ...groups[g], frozen: { ...held, value: values[i] } };
  });
  return { ...constraint, groups };
}
