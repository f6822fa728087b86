import * as fc from "fast-check";
import { type BackendName, compile, type NumberArray, tensor, vmap } from "pondus";
import { beforeAll, expect, test } from "vitest";
import { Stream } from "../../src/graph/random/stream.ts";
import { difference, tolerances } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { type Mapping, oneByOne } from "../support/random-graphs/mapped.ts";
import { build, type Leaf, leavesOf, type Recipe, recipes } from "../support/random-graphs.ts";

/** Both can be set from outside: PONDUS_GRAPHS=5000 PONDUS_GRAPH_SEED=7 npm test -- random-graphs */
const count = Number(process.env.PONDUS_GRAPHS ?? 500);
const seed = Number(process.env.PONDUS_GRAPH_SEED ?? 1);
/** One program computes several graphs, which spares the C compiler most of its starts. */
const perProgram = 10;

type Results = { readonly [name: string]: NumberArray };

/** Runs some recipes as one program, once for every way to shake its inputs. */
async function runAll(
  backend: BackendName,
  batch: readonly Recipe[],
  shakes: readonly Shake[],
  map: Mapping = vmap,
): Promise<Results[][]> {
  const leaves = batch.map((recipe, i) => leavesOf(recipe, `g${i}_`));
  const program = compile(
    (x) =>
      Object.fromEntries(
        batch.flatMap((recipe, i) => {
          const inputs = leaves[i].map((l) => x[l.name]);
          const { outputs } = build(recipe, leaves[i], inputs, map);
          return Object.entries(outputs).map(([name, y]) => [`${i} ${name}`, y]);
        }),
      ),
    Object.fromEntries(leaves.flat().map((l) => [l.name, { shape: l.shape, dtype: l.dtype }])),
    { backend },
  );
  const ran: Results[][] = [];
  for (const shake of shakes) {
    const results = await program.run(Object.fromEntries(leaves.flat().map((l) => [l.name, shake(l)])));
    ran.push(
      batch.map((_, i) => {
        const own = Object.entries(results).filter(([name]) => name.startsWith(`${i} `));
        return Object.fromEntries(own.map(([name, y]) => [name.slice(name.indexOf(" ") + 1), y]));
      }),
    );
  }
  return ran;
}

const run = async (backend: BackendName, batch: readonly Recipe[]): Promise<Results[]> =>
  (await runAll(backend, batch, [still]))[0];

/** The values of an input, moved by a little noise that float32 can hold. */
type Shake = (leaf: Leaf) => number[];
const noise = 1e-5;
const still: Shake = ({ values }) => [...values];
const shaken = [1, 2, 3, 4].map((seed): Shake => {
  return ({ values }) => {
    const stream = new Stream(seed, "initialize", values.length);
    return values.map((v) => Math.fround(v + noise * (2 * stream.uniform() - 1)));
  };
});

/** The graphs' values are of order 1; where less comes out, something has cancelled, and rounding is relative to this. */
const ordinary = 2e-2;

/** How much coarser float32 is than float64. */
const coarser = 2 ** 29;

/** What the reference says, sample by sample where others compute all at once, and which entries are fit to be compared. */
interface Truth {
  readonly values: Results;
  /** False for entries at which every backend may rightly differ: those that noise moves much more than its own size
   *  (jumps such as floor, a choice between near equals) and those that rounding alone moves (cancellation), which
   *  shows when float32 is compared with float64. */
  readonly steady: { readonly [name: string]: readonly boolean[] };
}

async function truths(batch: readonly Recipe[]): Promise<Truth[]> {
  const own = await runAll("reference", batch, [still, ...shaken], oneByOne);
  const swapped = batch.map((r): Recipe => ({ ...r, dtype: r.dtype === "float32" ? "float64" : "float32" }));
  const other = await runAll("reference", swapped, [still, ...shaken], oneByOne);
  return own[0].map((values, i) => ({
    values,
    steady: Object.fromEntries(
      Object.entries(values).map(([name, { data, dtype }]) => {
        const scale = Math.max(...Array.from(data, Math.abs));
        const at = (runs: Results[][], shake: number, k: number) => runs[shake][i][name].data[k];
        const largest = (k: number, f: (shake: number) => number) =>
          Math.max(...own.map((_, shake) => Math.abs(at(own, shake, k) - f(shake))));
        const limit = (dtype === "float64" ? coarser : 1) * (tolerances[dtype] / 10);
        const comparable = (k: number) =>
          largest(k, () => data[k]) <= 30 * noise * Math.max(scale, ordinary) &&
          largest(k, (shake) => at(other, shake, k)) <= limit * scale;
        return [name, Array.from(data, (_, k) => comparable(k))];
      }),
    ),
  }));
}

/** The first output in which a backend is wrong. */
function mismatch(got: Results, { values, steady }: Truth): string | undefined {
  for (const name in values) {
    const masked = (x: NumberArray) => ({ ...x, data: x.data.map((v, k) => (steady[name][k] ? v : 0)) });
    const why = difference(masked(got[name]), masked(values[name]).data, tolerances[values[name].dtype], ordinary);
    if (why) return `${name}: ${why}`;
  }
  return undefined;
}

const all = fc.sample(recipes, { numRuns: count, seed });
const batches = Array.from({ length: Math.ceil(count / perProgram) }, (_, i) =>
  all.slice(i * perProgram, (i + 1) * perProgram),
);
const known = new Map<Recipe, Truth>();

beforeAll(
  async () => {
    for (const batch of batches) (await truths(batch)).forEach((truth, i) => known.set(batch[i], truth));
  },
  60_000 + 240 * count,
);

test("nearly every entry of the random graphs is fit to be compared", () => {
  const entries = [...known.values()].flatMap((t) => Object.values(t.steady).flat());
  expect(entries.filter((fit) => !fit).length / entries.length).toBeLessThan(0.03);
  const infinite = [...known].filter(([, t]) => Object.values(t.values).some((x) => !x.data.every(Number.isFinite)));
  expect(infinite.map(([recipe]) => codeOf(recipe))).toEqual([]);
});

/** What goes wrong when a backend runs some graphs as one program, in words. */
async function wrong(
  backend: BackendName,
  batch: readonly Recipe[],
  wanted: readonly Truth[],
): Promise<string | undefined> {
  try {
    const got = await run(backend, batch);
    return got.map((own, i) => mismatch(own, wanted[i])).find((why) => why !== undefined);
  } catch (error) {
    return String(error);
  }
}

onEveryBackend((backend) => {
  test(`${count} random graphs and their gradients`, { timeout: 60_000 + 480 * count }, async () => {
    for (const batch of batches) {
      const why = await wrong(
        backend,
        batch,
        batch.map((recipe) => known.get(recipe) as Truth),
      );
      if (why) await explain(backend, batch);
    }
  });
});

/** The graph as a person would write it. */
function codeOf(recipe: Recipe): string {
  const leaves = leavesOf(recipe);
  const inputs = leaves.map((l) => tensor(l.values, { shape: l.shape, dtype: l.dtype }));
  return build(recipe, leaves, inputs).code;
}

/** Fails with the smallest graphs that together go wrong, as code. */
async function explain(backend: BackendName, batch: readonly Recipe[]): Promise<void> {
  const why = async (some: readonly Recipe[]) => wrong(backend, some, await truths(some));
  let few = batch;
  for (const recipe of batch) {
    const fewer = few.filter((r) => r !== recipe);
    if (fewer.length > 0 && (await why(fewer))) few = fewer;
  }
  const { counterexample } = await fc.check(
    fc.asyncProperty(fc.tuple(...few.map(() => recipes)), async (some) => (await why(some)) === undefined),
    { examples: [[[...few]]], numRuns: 1, interruptAfterTimeLimit: 30_000 },
  );
  const smallest = counterexample?.[0] ?? few;
  const code = smallest.map((recipe, i) => `// graph ${i}\n${codeOf(recipe)}\n`);
  throw new Error(`${backend} disagrees with the reference: ${await why(smallest)}\n\n${code.join("\n")}`);
}
