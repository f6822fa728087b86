import { type BackendName, compile, type DType, type NumberArray } from "pondus";
import { expect, test } from "vitest";
import type { TypedArray } from "../../src/graph/dtype.ts";
import type { Node, OpName } from "../../src/graph/node.ts";
import { ops } from "../../src/graph/ops.ts";
import { difference } from "../support/agreement.ts";
import { type Case, everyType } from "../support/cases/case.ts";
import { takenBy } from "../support/cases/elementwise.ts";
import { cases } from "../support/cases.ts";
import { onEveryBackend } from "../support/every-backend.ts";

interface Ran {
  readonly outputs: { readonly [name: string]: NumberArray };
  readonly parameters: readonly { readonly data: TypedArray; readonly dtype: DType }[];
}

function compileOn(backend: BackendName, { inputs, f }: Case) {
  return compile(
    f,
    Object.fromEntries(Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }])),
    {
      backend,
    },
  );
}

/** Every run's outputs, and the parameters after each. */
async function runOn(backend: BackendName, c: Case): Promise<Ran[]> {
  const program = compileOn(backend, c);
  const values = Object.fromEntries(Object.entries(c.inputs).map(([name, x]) => [name, [...x.values]]));
  const ran: Ran[] = [];
  for (let i = 0; i < (c.runs ?? 1); i++) {
    const outputs = await program.run(values);
    const parameters = program.graph.updates.map(({ parameter: p }) => ({ data: p.read().slice(), dtype: p.dtype }));
    ran.push({ outputs, parameters });
  }
  return ran;
}

onEveryBackend((backend) => {
  test.each(cases)("$name", async (c) => {
    const [got, wanted] = [await runOn(backend, c), await runOn("reference", c)];
    const wrong: string[] = [];
    const check = (what: string, x: Pick<NumberArray, "data" | "dtype">, y: ArrayLike<number>) => {
      const why = difference(x, y);
      if (why) wrong.push(`${what}: ${why}`);
    };
    wanted.forEach(({ outputs, parameters }, run) => {
      const where = wanted.length > 1 ? `run ${run + 1}, ` : "";
      for (const name in outputs) check(`${where}${name}`, got[run].outputs[name], outputs[name].data);
      parameters.forEach((p, i) => {
        check(`${where}parameter ${i}`, got[run].parameters[i], p.data);
      });
    });
    for (const name in c.expected) {
      check(`${name} (by definition)`, got[got.length - 1].outputs[name], c.expected[name]);
    }
    expect(wrong).toEqual([]);
  });
});

/** Calls `visit` for every node of a program, those in the bodies of loops and branches included. */
function everyNode(roots: readonly Node[], visit: (node: Node) => void, seen = new Set<Node>()): void {
  for (const node of roots) {
    if (seen.has(node)) continue;
    seen.add(node);
    visit(node);
    everyNode(node.inputs, visit, seen);
    if (node.is("scan")) everyNode([...node.attrs.next, ...node.attrs.ys], visit, seen);
    if (node.is("while")) everyNode([node.attrs.test, ...node.attrs.next], visit, seen);
    if (node.is("cond")) everyNode([...node.attrs.whenTrue, ...node.attrs.whenFalse], visit, seen);
  }
}

test("every op is in some case, for every element type that it takes", () => {
  const found = new Set<string>();
  for (const c of cases) {
    const { outputs, updates } = compileOn("reference", c).graph;
    everyNode(
      [...outputs, ...updates].map((o) => o.node),
      (node) => {
        const operand =
          node.op === "gather" || node.op === "cast" ? node.inputs[0] : node.inputs[node.inputs.length - 1];
        found.add(`${node.op} ${(operand ?? node).dtype}`);
        found.add(node.op);
      },
    );
  }
  const wanted = (Object.keys(ops) as OpName[]).flatMap((op) => {
    const types = op === "iota" ? (["int32"] as const) : takenBy[ops[op].takes];
    return ops[op].class === "control" ? [op] : types.map((dtype) => `${op} ${dtype}`);
  });
  expect(wanted.filter((entry) => !found.has(entry))).toEqual([]);
  expect(everyType.length).toBe(4);
});
