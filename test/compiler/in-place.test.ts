import * as fc from "fast-check";
import {
  compile,
  cond,
  type DType,
  type NumberArray,
  parameter,
  parameterOf,
  repeat,
  scan,
  type Tensor,
  tensor,
  type Update,
  whileLoop,
  zeros,
} from "pondus";
import { expect, test } from "vitest";
import type { Executable } from "../../src/backends/backend.ts";
import { executableOf } from "../../src/backends/executable.ts";
import { reference } from "../../src/backends/reference/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Parameter } from "../../src/graph/parameter.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import { difference } from "../support/agreement.ts";
import { interpretLoops } from "../support/loops/interpret.ts";

/** Both can be set from outside: PONDUS_UPDATES=5000 PONDUS_UPDATE_SEED=7 npm test -- in-place */
const count = Number(process.env.PONDUS_UPDATES ?? 400);
const seed = Number(process.env.PONDUS_UPDATE_SEED ?? 1);
const shape = [4, 4];
const places = 4;
/** No mean that cancels comes near it, so that rounding decides no branch. */
const threshold = 0.0123;

/** Numbers that choose, one after the other, everything about a program. */
class Choices {
  readonly #list: readonly number[];
  #next = 0;

  constructor(list: readonly number[]) {
    this.#list = list;
  }

  below(n: number): number {
    return (this.#list[this.#next++ % this.#list.length] + this.#next) % n;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** A value of the common shape, made of the old ones in some awkward way. */
function value(old: readonly Tensor[], c: Choices, depth = 0): Tensor {
  const any = () => (depth < 2 ? value(old, c, depth + 1) : c.of(old));
  const index = tensor([2, 0, 3, 1], { dtype: "int32" });
  const makers: (() => Tensor)[] = [
    () => c.of(old),
    () => c.of(old),
    () => c.of(old).T,
    () => any().add(any()).mul(0.5),
    () => any().sin(),
    () => any().flip(c.below(2)),
    () => any().gather(index, c.below(2)),
    () => any().at(c.below(4)).expand(shape),
    () => any().at(c.below(4), 1).unsqueeze(1).expand(shape).add(any()).mul(0.5),
    () => any().matmul(c.of(old)).tanh(),
    () => any().sub(any().mean(0)),
    () => any().slice(1, 4).padAxis(1, 0, 0),
    () => any().reshape([16]).flip(0).reshape(shape),
    () => any().T.reshape([2, 8]).reshape(shape),
    () => zeros(shape, old[0].dtype),
    () => any().scatterAdd(index, 4, 0).mul(0.25),
    () => c.of(old).add(any().mul(0.2).scatterAdd(index, 4, c.below(2))),
    () =>
      any()
        .at(c.below(4))
        .unsqueeze(0)
        .mul(0.2)
        .scatterAdd(index.slice(c.below(2), 2).at(0).unsqueeze(0), 4)
        .add(c.of(old)),
    () => inScan(old, c),
    () => inWhile(old, c),
    () => inBranch(old, c),
  ];
  return c.of(depth < 2 ? makers : makers.slice(0, 4))();
  function inScan(from: readonly Tensor[], choose: Choices): Tensor {
    const [xs, h, k] = [choose.of(from), choose.of(from), choose.of(from)];
    const views: ((x: Tensor) => Tensor)[] = [(x) => x, (x) => x.T, (x) => x.flip(0), (x) => x.T.flip([0, 1])];
    const length = choose.below(3) === 0 ? choose.below(2) : 4;
    const { carry, out } = scan(
      { h, g: choose.of(from) },
      (s, { x }) => {
        const next = value([s.h, s.g, k.T, x.expand(shape)], choose, 2);
        const swap = choose.below(2) === 0;
        return {
          carry: { h: swap ? s.g : next, g: swap ? s.h : s.g.T.add(x).mul(0.5) },
          out: { y: next.sum(0).tanh() },
        };
      },
      { xs: { x: choose.of(views)(xs).slice(0, length) }, reverse: choose.below(2) === 0 },
    );
    const stacked = out.y.padAxis(0, 4 - length, 0);
    return choose.of([carry.h, carry.g, stacked, carry.h.add(stacked).mul(0.5)]);
  }
  function inWhile(from: readonly Tensor[], choose: Choices): Tensor {
    const turns = choose.below(4);
    const [a, k] = [choose.of(from), choose.of(from)];
    const out = whileLoop(
      { i: zeros([], "int32"), a, b: choose.of(from) },
      ({ i }) => i.lt(turns),
      (s) => ({
        i: s.i.add(1),
        a: value([s.b, s.a.T, k], choose, 1),
        b: choose.of([s.a, s.b, k, s.a.add(s.b).mul(0.5)]),
      }),
    );
    return choose.of([out.a, out.b]);
  }
  function inBranch(from: readonly Tensor[], choose: Choices): Tensor {
    const side = () => ({ p: value(from, choose, 1), q: choose.of(from) });
    const { p, q } = cond(choose.of(from).mean().gt(threshold), side, side);
    return choose.of([p, q, p.sub(q).mul(0.5)]);
  }
}

interface Case {
  readonly choices: readonly number[];
  readonly dtype: DType;
}

/** Parameters updated at once, by single steps or by many inside `repeat`, beside outputs that are old and new values. */
function graphOf({ choices, dtype }: Case): GraphProgram {
  const c = new Choices(choices);
  const old = Array.from({ length: places }, (_, p) =>
    parameter(shape, () => (i) => Math.sin(16 * p + i), { dtype, name: `p${p}` }),
  );
  const make = () => {
    const shared = value(old, c);
    const next = old.map(() => (c.below(4) === 0 ? shared : value(old, c)));
    const updates: Update[] = old.map((p, i) => ({ parameter: parameterOf(p) as Parameter, value: next[i] }));
    return { outputs: { old: c.of(old), shared, mixed: c.of(old).add(c.of(next)) }, updates };
  };
  const step = make();
  const { outputs, updates } = c.below(2) === 0 ? step : repeat(step, tensor(c.below(4), { dtype: "int32" }));
  return compile(() => ({ ...outputs, updates })).graph;
}

type Load = (graph: GraphProgram) => Promise<Executable>;

async function ran(load: Load, graph: GraphProgram): Promise<Map<string, NumberArray["data"]>> {
  const executable = await load(graph);
  for (const [p, place] of executable.parameters) place.set(p.read());
  const results = new Map<string, NumberArray["data"]>();
  for (let run = 0; run < 2; run++) {
    await executable.run();
    for (const [name, y] of executable.outputs) results.set(`${name} ${run}`, y.slice());
    for (const [p, y] of executable.parameters) results.set(`${p.name} ${run}`, y.slice());
  }
  return results;
}

const interpreted: Load = async (graph) => {
  const compiled = compileGraph(graph, { vectorBytes: 32, registers: 16, mixedWidths: true });
  const memory = new ArrayBuffer(compiled.program.bytes);
  // What was never written must not be read: it shows as NaN.
  new Uint32Array(memory).fill(0xffffffff);
  return executableOf(compiled, memory, () => interpretLoops(compiled.program, memory));
};

const cases = fc.record({
  choices: fc.array(fc.nat({ max: 5039 }), { minLength: 5, maxLength: 40 }),
  dtype: fc.constantFrom("float64" as const),
});

test.each<[string, Load]>([
  ["loops", interpreted],
  ["wasm", (graph) => wasm.load(graph)],
])(`${count} programs that change parameters in place: %s`, async (_, load) => {
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const graph = graphOf(one);
      const [got, wanted] = [await ran(load, graph), await ran((g) => reference.load(g), graph)];
      const wrong = [...wanted].flatMap(([name, y]) => {
        const why = difference({ data: got.get(name) as typeof y, dtype: one.dtype }, y, 1e-9, 1);
        return why ? [`${name}: ${why}`] : [];
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: count, seed },
  );
});
