import type { Columns } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import { numbers, type Table } from "../../io/csv.ts";
import { type Experiment, inPieces } from "./motion.ts";
import { checkRising } from "./rising.ts";
import { readVelocityStep, type VelocityStep } from "./velocity-step.ts";

/** What a file holds: a motion to and fro, or a step of the velocity. */
export type Measured = { readonly motion: Experiment } | { readonly step: VelocityStep };

/** How columns are called, from the beginning of their names. */
const called = {
  time: /^(time|t)(?![a-z])/i,
  velocity: /^(velocity|vel|v|speed)(?![a-z])/i,
  displacement: /^(displacement|displ|disp|position|x)(?![a-z])/i,
  force: /^(force|f)(?![a-z])/i,
  friction: /^(friction|mu)(?![a-z])/i,
};

/** Rows of a motion: with fewer there is no motion, with more a fit takes too long. */
const [fewest, most] = [200, 50_000];

/** The first part is learned from. */
const known = 0.7;

/**
 * Reads a user's own measurements. With columns for velocity (or displacement) and force they are a motion to and fro, whose
 * first 70 % are learned and whose rest is judged; with displacement and friction, the coefficient, a step of the velocity.
 *
 * @throws `data.columns` where it is neither, `data.order` unless times rise, `data.short`, `data.long`,
 *         `data.flat` where velocity or force stay the same, `friction.step`, and what `numbers` throws
 */
export function readFriction(table: Table, columns: Columns): Measured {
  const find = (kind: keyof typeof called) => table.columns.find((name) => called[kind].test(name));
  const [first, second, ...others] = columns.state ?? [];
  const time = columns.time ?? find("time") ?? table.columns[0];
  const displacement = find("displacement");
  if (columns.state && (second === undefined || others.length > 0)) {
    throw unclear(
      table,
      `--state names the velocity and the force, as --state v,F, but ${columns.state.join(", ")} came.`,
    );
  }
  const velocity = first ?? find("velocity");
  const force = second ?? find("force");
  const friction = find("friction");
  if (velocity === undefined && force === undefined && displacement !== undefined && friction !== undefined) {
    return { step: readVelocityStep(table, { time, displacement, friction }) };
  }
  const opposing = force ?? friction;
  if (opposing === undefined || (velocity ?? displacement) === undefined) {
    throw unclear(
      table,
      "time, velocity and force belong in it, or time, displacement and friction around a velocity step.",
    );
  }
  return { motion: readMotion(table, { time, velocity, displacement, force: opposing }) };
}

const unclear = (table: Table, expected: string) =>
  new PondusError(
    "data.columns",
    `${table.name}: ${expected} The columns are ${table.columns.join(", ")}; rename them, or name those of velocity and force ` +
      "with --state.",
  );

function readMotion(
  table: Table,
  names: { readonly time: string; readonly velocity?: string; readonly displacement?: string; readonly force: string },
): Experiment {
  const time = numbers(table, names.time);
  checkRising(table, time);
  const count = time.values.length;
  if (count < fewest || count > most) {
    const asked =
      count < fewest
        ? `at least ${fewest} rows are needed, of which the last ${Math.round(100 * (1 - known))} % are judged`
        : `more than ${most.toLocaleString("en-US")} rows take too long to learn; keep one in ${Math.ceil(count / most)}`;
    throw new PondusError(
      count < fewest ? "data.short" : "data.long",
      `${table.name}: ${asked}, but ${count.toLocaleString("en-US")} came.`,
    );
  }
  const force = numbers(table, names.force);
  const moved = names.velocity ?? (names.displacement as string);
  const column = numbers(table, moved);
  const t = Array.from(time.values, (at) => at - time.values[0]);
  const velocityOf = (t: readonly number[], moved: readonly number[]) =>
    names.velocity === undefined ? derivative(t, moved) : moved;
  const velocity = velocityOf(t, [...column.values]);
  for (const [name, values] of [
    [moved, velocity],
    [names.force, [...force.values]],
  ] as const) {
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high))) continue;
    throw new PondusError(
      "data.flat",
      `${table.name}: ${name === moved ? "the velocity" : "the force"} (column "${name}") is ${low} in every row, and a law of ` +
        "friction is told by how one follows the other; give a motion of changing velocity, such as to and fro.",
    );
  }
  const record = { time: t, velocity, force: [...force.values] };
  const from = Math.floor(known * count);
  const cut = (values: readonly number[]) => values.slice(0, from);
  return {
    // The last velocity to learn from is that of the rows before it: it knows nothing of the first that is judged.
    training: inPieces({
      time: cut(t),
      velocity: velocityOf(cut(t), cut([...column.values])),
      force: cut(record.force),
    }),
    // It runs through what was learned first, and so comes to its state.
    unseen: { records: [record], from },
    symmetric: false,
    units: {
      time: names.time,
      velocity: names.velocity ?? `${names.displacement} per unit of ${names.time}`,
      force: names.force,
    },
  };
}

/** Of values at rising times, by the difference of their neighbours. */
function derivative(t: readonly number[], x: readonly number[]): number[] {
  const last = t.length - 1;
  return t.map((_, i) => {
    const [a, b] = [Math.max(0, i - 1), Math.min(last, i + 1)];
    return (x[b] - x[a]) / (t[b] - t[a]);
  });
}
