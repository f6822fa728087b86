import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { compile, type DType, grad, nn, PondusError, parameter, type Tensor, weigh } from "pondus";
import { afterAll, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const [rows, columns] = [3, 4];
const size = rows * columns;
const place = ([i, j]: readonly number[]) => i * columns + j;

type Edit =
  | { kind: "tie"; keys: readonly number[] }
  | { kind: "freeze"; entries: readonly number[]; value: number | undefined }
  | { kind: "bound"; entries: readonly number[]; lower: number; upper: number };

const entries = fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 4 });
/** Few values, so that they often meet; some are no float32. */
const values = fc.constantFrom(-1, -0.1, 0, 0.1, 0.5, 1);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  // Negative keys leave their entries alone.
  fc.record({
    kind: fc.constant("tie" as const),
    keys: fc.array(fc.integer({ min: -6, max: 3 }), { minLength: size, maxLength: size }),
  }),
  fc.record({ kind: fc.constant("freeze" as const), entries, value: fc.option(values, { nil: undefined }) }),
  fc
    .tuple(
      entries,
      fc.constantFrom(Number.NEGATIVE_INFINITY, -2, -1, -0.1),
      fc.constantFrom(0.1, 0.7, 3, Number.POSITIVE_INFINITY),
    )
    .map(([entries, lower, upper]) => ({ kind: "bound" as const, entries, lower, upper })),
);

function apply(w: Tensor, e: Edit): void {
  const chosen = (list: readonly number[]) => list.map((k) => [Math.floor(k / columns), k % columns]);
  if (e.kind === "tie") nn.tie(w, (index) => (e.keys[place(index)] < 0 ? undefined : e.keys[place(index)]));
  else if (e.kind === "freeze") nn.freeze(w, chosen(e.entries), e.value);
  else nn.bound(w, [e.lower, e.upper], chosen(e.entries));
}

/** Whether values of all entries, which are numbers of the type, keep an edit. */
function keeps(e: Edit, data: ArrayLike<number>, dtype: DType, frozenAt: readonly number[]): boolean {
  if (e.kind === "tie") return e.keys.every((k, i) => k < 0 || data[i] === data[e.keys.indexOf(k)]);
  if (e.kind === "bound") return e.entries.every((i) => data[i] >= e.lower && data[i] <= e.upper);
  const round = (x: number) => (dtype === "float32" ? Math.fround(x) : x);
  return e.entries.every((i, k) => data[i] === (e.value === undefined ? frozenAt[k] : round(e.value)));
}

/** Which entries are one number, by walking over ties until nothing changes. */
function components(edits: readonly Edit[]): number[] {
  const of = Array.from({ length: size }, (_, i) => i);
  for (let changed = true; changed; ) {
    changed = false;
    for (const e of edits) {
      if (e.kind !== "tie") continue;
      for (const key of new Set(e.keys.filter((k) => k >= 0))) {
        const members = e.keys.flatMap((k, i) => (k === key ? [i] : []));
        const least = Math.min(...members.map((i) => of[i]));
        for (const i of members) if (of[i] !== least) [of[i], changed] = [least, true];
      }
    }
  }
  return of;
}

const evaluated = async (w: Tensor) => (await compile(() => ({ w }), {}, { backend: "reference" }).run()).w.data;
const fresh = (dtype: DType, seed: number) => {
  const w = parameter([rows, columns], nn.init.normal(1), { dtype });
  nn.initialize({ w }, seed);
  return w;
};
const dtypes = fc.constantFrom<DType>("float32", "float64");

test("any composition: kept to the last bit wherever the knobs go; counted, saved and loaded exactly", async () => {
  let [composed, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      dtypes,
      fc.nat(1000),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      async (dtype, seed, edits) => {
        const w = fresh(dtype, seed);
        const done: { edit: Edit; at: number[] }[] = [];
        for (const e of edits) {
          const before = [...nn.weightsOf({ w }).w.read()];
          try {
            apply(w, e);
            const now = nn.weightsOf({ w }).w.read();
            done.push({ edit: e, at: e.kind === "freeze" ? e.entries.map((i) => now[i]) : [] });
          } catch (error) {
            expect(error).toBeInstanceOf(PondusError);
            expect((error as PondusError).code).toMatch(/^constraint\.(bounds|frozen|value)$/);
            expect([...nn.weightsOf({ w }).w.read()]).toEqual(before);
            refused++;
          }
        }
        const check = (data: ArrayLike<number>) => {
          for (const { edit, at } of done) expect(keeps(edit, data, dtype, at), JSON.stringify(edit)).toBe(true);
        };
        check(await evaluated(w));
        const parts = Object.values(nn.parametersOf({ w }));
        const knobs = parts.find((p) => p.trainable);
        for (const scale of [0.5, 30, 1e6]) {
          knobs?.write(Array.from({ length: knobs.size }, (_, i) => scale * Math.sin(7 * i + seed)));
          check(await evaluated(w));
          check(nn.weightsOf({ w }).w.read());
        }
        const of = components(done.map((d) => d.edit));
        const held = new Set(
          done.flatMap(({ edit }) => (edit.kind === "freeze" ? edit.entries.map((i) => of[i]) : [])),
        );
        const total = new Set(of).size;
        expect(weigh({ w }).parameters).toEqual({ total, trainable: total - held.size, frozen: held.size });

        const twin = fresh(dtype, seed);
        for (const { edit } of done) apply(twin, edit);
        const path = join(scratch, "w.safetensors");
        nn.saveWeights({ w }, path);
        nn.loadWeights({ w: twin }, path);
        expect(await evaluated(twin)).toEqual(await evaluated(w));
        nn.saveWeights({ w }, path, { expand: true });
        nn.loadWeights({ w: twin }, path);
        check(await evaluated(twin));
        if (done.length > 1) composed++;
      },
    ),
    { numRuns: 150 },
  );
  expect(composed).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(5);
});

test("edits in another order make the same constraint, or are refused in any order", () => {
  const stated = edit.filter((e) => e.kind !== "freeze" || e.value !== undefined);
  const outcome = (edits: readonly Edit[]) => {
    const w = parameter([rows, columns], 0);
    try {
      for (const e of edits) apply(w, e);
    } catch {
      return "refused";
    }
    nn.initialize({ w }, 0);
    return nn.constraintOf(w)?.groups;
  };
  fc.assert(
    fc.property(
      fc
        .array(stated, { minLength: 2, maxLength: 5 })
        .chain((edits) =>
          fc.tuple(
            fc.constant(edits),
            fc.shuffledSubarray(edits, { minLength: edits.length, maxLength: edits.length }),
          ),
        ),
      ([edits, shuffled]) => {
        expect(outcome(shuffled)).toEqual(outcome(edits));
      },
    ),
    { numRuns: 200 },
  );
});

test("the gradient of a knob is the sum over its entries, times the slope of its bound", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.array(edit, { minLength: 1, maxLength: 5 }), async (seed, edits) => {
      const w = fresh("float64", seed);
      for (const e of edits) {
        try {
          apply(w, e);
        } catch {
          // Refused: the others are enough.
        }
      }
      const constraint = nn.constraintOf(w);
      if (!constraint?.knobs) return;
      const { knobs, groups } = constraint;
      const lossOf = (x: Tensor) => x.sin().sum().add(x.square().sum());
      const r = await compile(() => ({ w, g: grad(lossOf(w), knobs) }), {}, { backend: "reference" }).run();
      const slope = (x: number) => Math.cos(x) + 2 * x;
      const free = groups.filter((g) => g.frozen === undefined);
      const raw = nn.parametersOf({ w }).w.read();
      free.forEach(({ entries, lower, upper }, k) => {
        const s = 1 / (1 + Math.exp(-raw[k]));
        const finite = [Number.isFinite(lower), Number.isFinite(upper)];
        const inner = finite[0] && finite[1] ? (upper - lower) * s * (1 - s) : finite[0] ? s : finite[1] ? -s : 1;
        const sum = entries.reduce((total, e) => total + slope(r.w.data[place(e)]), 0);
        expect(Math.abs(r.g.data[k] - inner * sum)).toBeLessThan(1e-11 * (1 + Math.abs(inner * sum)));
      });
    }),
    { numRuns: 80 },
  );
});
