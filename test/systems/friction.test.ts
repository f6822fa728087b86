import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "pondus";
import { parseCsv } from "pondus/io";
import { describe, expect, test } from "vitest";
import { motions, noise, sampling, simulate, simulateBench, trueLaw, truth } from "../../src/systems/friction/bench.ts";
import type { Experiment } from "../../src/systems/friction/motion.ts";
import { readFriction } from "../../src/systems/friction/read.ts";
import { file, pondus } from "../support/command-line.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/friction.json", import.meta.url), "utf8"));
const laboratory = join(import.meta.dirname, "../../../shared/data/friction/rsf_velstep4_BRAVA_expb819_basalt.txt");

const evaluate = ((expressions) => compile(() => expressions, {}).run()) as Parameters<typeof simulateBench>[0];
const csv = (header: string, rows: readonly (readonly (number | string)[])[]) =>
  [header, ...rows.map((row) => row.join(","))].join("\n");
const errorOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};
const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, exitCode: 2, message: expect.stringMatching(message) });

/** A motion to and fro with Coulomb's friction. */
const toAndFro = (count: number, v = (t: number) => Math.sin(7 * t) + 0.5 * Math.sin(17.3 * t)) =>
  Array.from({ length: count }, (_, i) => [i / 100, v(i / 100), Math.sign(v(i / 100)) + 0.1 * v(i / 100)]);
/** A slider that is pulled at 1 and then at 10. */
const stepped = (count: number, fast = 10) =>
  Array.from({ length: count }, (_, i) => {
    const since = i - count / 2;
    return [
      i / 10,
      since < 0 ? i / 10 : count / 20 + (fast * since) / 10,
      0.6 + (since < 0 ? 0 : 0.01 * Math.exp(-since / 9)) + 1e-4 * Math.sin(i * i),
    ];
  });

describe("the simulated bench", () => {
  test("is always the same, with the noise that the page says", async () => {
    const [one, again] = [await evaluate(simulate(motions.unseen)), await evaluate(simulate(motions.unseen))];
    expect(Array.from(one.measured.data)).toEqual(Array.from(again.measured.data));
    const { experiment, noise: found } = await simulateBench(evaluate);
    expect(found / noise).toBeCloseTo(1, 1);
    expect(experiment.training.records).toHaveLength(motions.training.levels.length);
    expect(experiment.unseen.records[0].time).toHaveLength(motions.unseen.seconds * sampling);
    expect(trueLaw().states).toBe(3);
  });

  test("learned and unseen motion differ in what they draw, and neither is much faster than the other", async () => {
    const { experiment } = await simulateBench(evaluate);
    const fastest = (records: typeof experiment.unseen.records) =>
      Math.max(...records.map(({ velocity }) => Math.max(...Array.from(velocity, Math.abs))));
    const [seen, unseen] = [fastest(experiment.training.records), fastest(experiment.unseen.records)];
    expect(unseen).toBeLessThan(seen);
    expect(unseen).toBeGreaterThan(seen / 4);
  });
});

describe("reading", () => {
  const read = (header: string, rows: readonly (readonly (number | string)[])[], columns = {}) =>
    readFriction(parseCsv(csv(header, rows), "mine.csv"), columns);

  test("the columns tell a motion from a velocity step", () => {
    const motion = read("time,velocity,force", toAndFro(300));
    expect(motion).toMatchObject({
      motion: { unseen: { from: 210 }, units: { velocity: "velocity", force: "force" } },
    });
    const other = read("seconds,speedometer,load cell", toAndFro(300), {
      time: "seconds",
      state: ["speedometer", "load cell"],
    });
    expect(other).toMatchObject({ motion: { units: { time: "seconds", force: "load cell" } } });
    const step = read("Time(s),Displ(microns),Friction", stepped(400));
    expect(step).toMatchObject({
      step: { velocities: [expect.closeTo(1, 9), expect.closeTo(10, 9)], at: expect.closeTo(20, 0) },
    });
  });

  test("a velocity is the derivative of a displacement that was measured in its place", () => {
    const rows = Array.from({ length: 400 }, (_, i) => [i / 100, Math.sin(i / 25), Math.sign(Math.cos(i / 25))]);
    const { motion } = read("t,x,F", rows) as { motion: Experiment };
    Array.from(motion.unseen.records[0].velocity)
      .slice(1, -1)
      .forEach((v, i) => expect(v).toBeCloseTo(4 * Math.cos((i + 1) / 25), 2));
  });

  test("a long motion is cut into pieces that together hold all of what is learned", () => {
    const { motion } = read("t,v,F", toAndFro(3000)) as { motion: Experiment };
    const { records, from } = motion.training;
    const counted = new Set(records.flatMap(({ time }) => Array.from(time).slice(from)));
    expect(counted.size).toBe(2100 - from);
    expect(new Set(records.map(({ time }) => time.length)).size).toBe(1);
  });

  test.each([
    ["time,velocity,force", toAndFro(150), "data.short", /mine\.csv: at least 200 rows .*last 30 % .* 150 came/],
    [
      "time,velocity,force",
      toAndFro(300, () => 2),
      "data.flat",
      /the velocity \(column "velocity"\) is 2 in every row.*to and fro/,
    ],
    [
      "time,velocity,force",
      toAndFro(300).map(([t, v]) => [t, v, 3]),
      "data.flat",
      /the force \(column "force"\) is 3 in every row/,
    ],
    [
      "time,velocity,force",
      toAndFro(300).map((row, i) => (i === 100 ? [0.5, row[1], row[2]] : row)),
      "data.order",
      /mine\.csv:102: column "time": times must rise, but 0\.5 comes after 0\.99 \(line 101\); sort/,
    ],
    [
      "time,velocity,force",
      toAndFro(300).map((row, i) => (i === 7 ? [row[0], "inf", row[2]] : row)),
      "csv.number",
      /mine\.csv:9: column "velocity".*"inf" came/,
    ],
    [
      "time,velocity,force",
      toAndFro(300).map((row, i) => (i === 7 ? [row[0], row[1], "nan"] : row)),
      "csv.missing",
      /mine\.csv:9: column "force"/,
    ],
    ["a,b,c", toAndFro(300), "data.columns", /mine\.csv: time, velocity and force belong in it.* a, b, c;.*--state/],
    [
      "time,displacement,friction",
      stepped(400, 1.1),
      "friction.step",
      /"displacement" goes on by 1\.00 and then by 1\.10.*one step/,
    ],
    ["time,displacement,friction", stepped(50), "data.short", /at least 60 rows.* 50 came/],
    [
      "time,displacement,friction",
      stepped(400).map(([t, x]) => [t, x, 0.6]),
      "data.flat",
      /"friction" is 0\.6 in every row/,
    ],
    [
      "time,displacement,friction",
      stepped(400).map((row, i) => (i === 9 ? [0.8, row[1], row[2]] : row)),
      "data.order",
      /mine\.csv:11: column "time".*0\.8 comes after 0\.8/,
    ],
  ])("refuses, with advice: %#", (header, rows, code, message) => {
    expect(errorOf(() => read(header, rows))).toEqual(thrown(code, message));
  });

  test("more rows than a fit can take", () => {
    expect(errorOf(() => read("t,v,F", toAndFro(60_000)))).toEqual(
      thrown("data.long", /keep one in 2, but 60,000 came/),
    );
    expect(errorOf(() => read("t,v,F", toAndFro(300), { state: ["v"] }))).toEqual(
      thrown("data.columns", /--state names the velocity and the force/),
    );
  });

  test("the command line ends with exit code 2", async () => {
    const name = file(
      "constant.csv",
      csv(
        "time,velocity,force",
        toAndFro(300, () => 1),
      ),
    );
    const { code, stdout } = await pondus(["train", "friction", "--data", name, "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "data.flat", message: expect.stringContaining(name) });
  });
});

const quick = async (...more: string[]) => {
  const { code, stdout, stderr } = await pondus(["train", "friction", "--quick", "--json", ...more]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).metrics;
};

test("what has memory is far ahead of what has none, on a motion that none has seen", async () => {
  const { laws, simulated, noise: rms } = await quick("--steps", "4000", "--out", "bench");
  expect(simulated).toBe(true);
  expect(rms / noise).toBeCloseTo(1, 1);
  // Nothing that asks for the velocity alone can do better than Stribeck, and a network does as well.
  expect(laws["NN(v)"].gain).toBeCloseTo(1, 1);
  for (const name of ["Dahl", "LuGre", "Maxwell-slip", "neural ODE", "bristles by NN", "LuGre + NN"]) {
    expect(laws[name].gain, name).toBeGreaterThan(3);
  }
  // Both have one bristle: on one simulated motion either may be ahead by a little.
  expect(laws.LuGre.unseen / laws.Dahl.unseen).toBeLessThan(1.1);
  expect(laws["neural ODE"].unseen).toBeLessThan(laws.LuGre.unseen);
  expect(laws["bristles by NN"].overNoise).toBeLessThan(2);
  expect(laws["the true law"].overNoise).toBeCloseTo(1, 2);

  // Steady sliding: Stribeck's curve, and both springs at their limits.
  const { lugre, springs } = truth;
  const steady = (v: number) =>
    lugre.coulomb +
    (lugre.breakaway - lugre.coulomb) * Math.exp(-((v / lugre.velocity) ** 2)) +
    lugre.viscous * v +
    springs.limit.reduce((sum, limit) => sum + limit, 0);
  const { stdout } = await pondus(["predict", "bench", "4", "8", "--json"]);
  const asked = JSON.parse(stdout).columns;
  expect(asked.velocity).toEqual([4, 8]);
  for (const name of ["neural ODE", "bristles by NN"]) {
    [4, 8].forEach((v, i) => expect(asked[name][i] / steady(v), name).toBeCloseTo(1, 1));
  }
});

test("a measured motion: laws learn its first part, and are judged on the rest", async () => {
  const { experiment } = await simulateBench(evaluate);
  const [{ time, velocity, force }] = experiment.unseen.records;
  const rows = Array.from(time, (t, i) => [t, velocity[i], force[i]]);
  const { laws, simulated, noise: rms } = await quick("--data", file("motion.csv", csv("time,velocity,force", rows)));
  expect([simulated, rms, laws["the true law"]]).toEqual([false, undefined, undefined]);
  // A thousand samples are enough for a few knobs, and few for hundreds.
  for (const name of ["Dahl", "LuGre", "Maxwell-slip"]) expect(laws[name].gain, name).toBeGreaterThan(3);
  expect(laws["neural ODE"].training).toBeLessThan(laws.Stribeck.training / 3);
});

test("knobs with which a fit ran off are named", async () => {
  const rows = Array.from({ length: 300 }, (_, i) => {
    const v = Math.sin(i / 15) * 2;
    return [i / 100, v, Math.tanh(500 * v) + 0.1 * v];
  });
  const data = file("nearly-coulomb.csv", csv("time,velocity,force", rows));
  const { stdout } = await pondus(["train", "friction", "--quick", "--steps", "20", "--data", data]);
  expect(stdout).toMatch(/Knobs that the data do not determine/);
  const shares = [...stdout.matchAll(/Maxwell-slip\.share\.\d\s+([\d.e+-]+)/g)].map(([, x]) => Number(x));
  expect(shares.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 2);
});

test.each(["aging", "slip"])("a velocity step that SciPy solved, %s law: its knobs come back", async (name) => {
  const { knobs, spring, t, [name]: friction } = fixture.slider;
  const before = Array.from({ length: 70 }, (_, i) => (i - 70) / 4);
  const rows = [
    ...before.map((at) => [at, knobs.velocity * at, knobs.coefficient]),
    ...t.map((at: number, i: number) => [at, spring.load * at, friction[i]]),
  ];
  const { laws } = await quick("--data", file(`${name}.csv`, csv("time,displacement,friction", rows)));
  const { a, b, Dc, k, mu0 } = laws[`${name} law`];
  const found = [a, b, Dc, k, mu0].map(({ mean }) => mean);
  const wanted = [knobs.direct, knobs.evolution, knobs.distance, spring.stiffness, knobs.coefficient];
  found.forEach((value, i) => expect(value / wanted[i]).toBeCloseTo(1, 3));
  const other = name === "aging" ? "slip law" : "aging law";
  expect(laws[`${name} law`].rms).toBeLessThan(laws[other].rms / 100);
});

describe.skipIf(!existsSync(laboratory))("a velocity step on basalt gouge, measured", () => {
  test("a, b and Dc by both laws are those that SciPy finds, with the errors that correlated noise leaves", async () => {
    const metrics = await quick("--data", laboratory, "--out", "basalt");
    const { velocities, aging, slip } = fixture.measured;
    expect(metrics.velocities.before / velocities[0]).toBeCloseTo(1, 2);
    expect(metrics.velocities.after / velocities[1]).toBeCloseTo(1, 2);
    for (const [name, scipy] of Object.entries({ "aging law": aging, "slip law": slip })) {
      const found = metrics.laws[name];
      for (const [knob, other] of [
        ["a", "a"],
        ["b", "b"],
        ["Dc", "Dc"],
        ["k", "stiffness"],
        ["mu0", "coefficient"],
      ]) {
        const off = Math.abs(found[knob].mean - scipy.values[other]) / scipy.errors[other];
        expect(off, `${name}: ${knob}`).toBeLessThan(0.1);
        expect(found[knob].spread / found.correlation / scipy.errors[other], `${name}: ${knob}`).toBeCloseTo(1, 1);
      }
      expect(found.correlation).toBeGreaterThan(1);
      expect(found.rms / scipy.rms).toBeCloseTo(1, 4);
    }
    expect(metrics.laws["neural ODE"].rms).toBeGreaterThan(0);
    const { stdout } = await pondus(["predict", "basalt", "3", "10", "--json"]);
    const [slow, fast] = JSON.parse(stdout).columns["aging law"];
    const { a, b, coefficient } = aging.values;
    expect(slow).toBeCloseTo(coefficient, 4);
    expect(fast).toBeCloseTo(coefficient + (a - b) * Math.log(10 / 3), 4);
    expect((await pondus(["predict", "basalt", "0"])).code).toBe(2);
  });
});
