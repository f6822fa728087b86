import { einsum, grad, ode, parameter, stack, type Tensor, tensor, zeros } from "pondus";
import { describe, expect, test, vi } from "vitest";
import { describeOrigin, labelled } from "../../src/graph/origin.ts";
import { topological } from "../../src/graph/walk.ts";
import { userFrame } from "../../src/host/user-frame.ts";
import { errorOf, here } from "../support/places.ts";

/** Distinct sizes in each test, for an equal tensor made elsewhere would be the same one, with the place where it was first made. */
const matrix = (shape: number[], dtype: "float32" | "float64" | "int32" | "bool" = "float32") => zeros(shape, dtype);

describe("an error names both shapes, the mend, and the lines where the operands were made", () => {
  test("shapes that do not broadcast", async () => {
    const [a, at] = [tensor([[1, 2, 3.25]]), here()];
    const [b, bt] = [tensor([1, 2.125]), here()];
    const error = await errorOf(() => a.add(b));
    expect(error.code).toBe("shape.broadcast");
    expect(error.message).toBe(
      `add: [1,3] (at ${at}) and [2] (at ${bt}) do not broadcast; sizes must be equal or 1, counted from the right.`,
    );
  });

  test("inner sizes of a matmul", async () => {
    const x = matrix([256, 100]);
    const [w, at] = [parameter([128, 64]), here()];
    const error = await errorOf(() => x.matmul(w));
    expect(error.code).toBe("shape.matmul");
    expect(error.message).toContain("inner sizes differ, [256,100] x [128,64] (100 is not 128)");
    expect(error.message).toContain(at);
  });

  test("who made a weight, in words", async () => {
    const [w, at] = labelled("dense(31, 7)", () => [parameter([31, 7]), here()] as const);
    const error = await errorOf(() => matrix([5, 30]).matmul(w));
    expect(error.message).toMatch(new RegExp(`dense\\(31, 7\\) at ${at}`));
    expect(describeOrigin(w.node.origin)).toBe(` (made by dense(31, 7) at ${at})`);
  });

  test("element types", async () => {
    const [a, at] = [tensor([0.375, 1], { dtype: "float64" }), here()];
    const [b, bt] = [tensor([2.75, 1]), here()];
    const mixed = await errorOf(() => a.mul(b));
    expect(mixed.code).toBe("dtype.mixed");
    expect(mixed.message).toBe(
      `mul: float64 [2] (at ${at}) with float32 [2] (at ${bt}); types are never mixed silently, so cast one, ` +
        'e.g. x.cast("float64").',
    );
    const [i, it] = [tensor([77, 78], { dtype: "int32" }), here()];
    const unsuitable = await errorOf(() => einsum("i,i->", i, i));
    expect(unsuitable.code).toBe("dtype.unsuitable");
    expect(unsuitable.message).toContain(`contract takes float32 or float64, but int32 [2] came (at ${it})`);
    expect(unsuitable.message).toContain('x.cast("float32")');
    expect((await errorOf(() => i.add(0.5))).code).toBe("dtype.fraction");
  });

  test("a derivative's expressions point at the line that they derive from", () => {
    const x = parameter([3], 1);
    const [y, at] = [x.mul(1.375).tanh().sum(), here()];
    const { origin } = grad(y, x).node;
    expect(origin?.place).toBe(at);
    expect(origin?.label).toMatch(/^gradient of /);
  });
});

describe("places are read from the stacks of every engine", () => {
  const own = new URL("../../src/tensor/tensor.ts", import.meta.url);
  const library = `    at Tensor.add (${own.href}:43:17)\n    at Tensor.mul (${decodeURI(own.pathname)}:44:1)\n`;
  const frames: readonly (readonly [string, string])[] = [
    ["    at f (file:///home/me/model.ts:12:5)", "model.ts:12"],
    ["    at file:///home/me/model.ts:12:5", "model.ts:12"],
    ["    at async file:///home/me/model.ts:12:5", "model.ts:12"],
    ["    at async f (/home/me/model.ts:12:5)", "model.ts:12"],
    ["    at f (/home/my work (new)/model.ts:12:5)", "model.ts:12"],
    ["    at /home/my work (new)/model.ts:12:5", "model.ts:12"],
    ["    at file:///home/my%20work/my%20model.ts:12:5", "my model.ts:12"],
    ["    at Object.<anonymous> (C:\\work\\model.ts:12:5)", "model.ts:12"],
    ["    at file:///home/me/model.ts?t=1712:12:5", "model.ts:12"],
    ["    at f (http://localhost:5173/model.ts:12:5)", "model.ts:12"],
    ["f@http://localhost:5173/model.ts:12:5", "model.ts:12"],
  ];
  test.each(frames)("%s", (frame, place) => {
    const inner = "    at node:internal/process/task_queues:95:5\n    at g (/a/node_modules/b/c.js:1:1)\n";
    expect(userFrame(`Error: add (a/b.ts:1:2)\n${library}${inner}${frame}\n    at late (/other.ts:1:1)`)).toBe(place);
  });

  test("worked systems are the user's pages; the library alone is no place", () => {
    const page = new URL("../../src/systems/yeast.ts", import.meta.url).href;
    expect(userFrame(`Error\n${library}    at ${page}:7:1`)).toBe("yeast.ts:7");
    expect(userFrame(`Error\n${library}`)).toBeUndefined();
  });

  test.each([
    ["beside a package, as a development server has it", "/node_modules/.vite/deps/pondus.js?v=1", "model.ts:12"],
    ["in one bundle", "/assets/index-1.js", undefined],
  ])("in a page: %s", async (_, file, place) => {
    vi.resetModules();
    vi.doMock("#host/own-code", () => import("../../src/host/browser/own-code.ts"));
    const { userFrame } = await import("../../src/host/user-frame.ts");
    vi.doUnmock("#host/own-code");
    const inside = `    at Tensor.add (http://localhost${file}:43:17)\n`;
    const user = `    at f (http://localhost${place ? "/src/model.ts" : file}:12:5)\n    at http://localhost/shell.js:1:1`;
    expect(userFrame(`Error: add\n${inside}${user}`)).toBe(place);
  });
});

test("what a solver writes deep inside itself comes from the lines that called it", () => {
  const y0 = tensor([1, 0], { dtype: "float64" });
  const turning = (y: Tensor) => stack([y.at(1), y.at(0).neg()]);
  const path = ode.solve(turning, y0, [0, 1, 2, 3], { method: ode.rodas5p });
  const loops = topological([path.node]).filter((x) => x.is("while"));
  const written = topological(loops.flatMap((x) => x.attrs.next)).filter(
    (x) => x.op !== "formal" && x.op !== "constant",
  );
  expect(written.length).toBeGreaterThan(100);
  const nowhere = written.filter((x) => !x.origin?.place?.startsWith("origin.test.ts"));
  expect(nowhere.map((x) => x.op)).toEqual([]);
});
