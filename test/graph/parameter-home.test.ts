import { compile, nn, parameter, parameterOf, type Tensor } from "pondus";
import { expect, test } from "vitest";
import { Parameter } from "../../src/graph/parameter.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const weights = () => parameter([64], nn.init.normal());
const behind = (x: Tensor) => parameterOf(x) as Parameter;

onEveryBackend((backend) => {
  const doubling = (w: Tensor) =>
    compile(() => ({ updates: [{ parameter: behind(w), value: w.mul(2) }] }), {}, { backend });

  test("a weight that nobody looked at is drawn where it is changed, and is the same as one that was looked at", async () => {
    const [seen, unseen] = [weights(), weights()];
    for (const w of [seen, unseen]) behind(w).draw(3, 7);
    const first = behind(seen).read().slice();
    for (const w of [seen, unseen]) await doubling(w).run();
    expect(behind(unseen).isHeld).toBe(false);
    expect(behind(unseen).read()).toEqual(first.map((x) => 2 * x));
    expect(behind(seen).read()).toEqual(first.map((x) => 2 * x));
  });

  test("what a run changed lies in the program's memory until it is read; what was read stays as it was", async () => {
    const w = parameter([3], [1, 2, 3]);
    const program = doubling(w);
    await program.run();
    expect(behind(w).isHeld).toBe(false);
    const read = behind(w).read();
    expect([...read]).toEqual([2, 4, 6]);
    expect(behind(w).read()).toBe(read);
    await program.run();
    expect([...read]).toEqual([2, 4, 6]);
    expect([...behind(w).peek()]).toEqual([4, 8, 12]);
    expect(behind(w).isHeld).toBe(false);
  });

  test("programs hand a weight to one another", async () => {
    const w = parameter([3], [1, 2, 3]);
    const [one, two] = [doubling(w), doubling(w)];
    for (const program of [one, two, one, two]) await program.run();
    const look = compile(() => ({ w }), {}, { backend });
    expect([...(await look.run()).w.data]).toEqual([16, 32, 48]);
    behind(w).write([1, 1, 1]);
    await one.run();
    expect([...(await look.run()).w.data]).toEqual([2, 2, 2]);
  });

  test("a state that begins with zeros begins with zeros again when it is drawn again", async () => {
    const m = parameter([5], 0);
    const program = compile(() => ({ updates: [{ parameter: behind(m), value: m.add(1) }] }), {}, { backend });
    await program.run();
    await program.run();
    expect([...behind(m).peek()]).toEqual(Array(5).fill(2));
    behind(m).draw(0, 0);
    await program.run();
    expect([...behind(m).peek()]).toEqual(Array(5).fill(1));
  });
});

test("a write that fails leaves the value as it was", () => {
  const p = new Parameter({ name: "count", shape: [3], dtype: "int32", init: () => 7, trainable: false });
  p.read();
  expect(() => p.write([1, 2, 2.5])).toThrow("entry 2, is 2.5");
  expect([...p.read()]).toEqual([7, 7, 7]);
});

test("where a value comes from: none, chance, or given", () => {
  const p = new Parameter({ name: "w", shape: [2], dtype: "float32", init: () => 1 });
  expect(p.source).toBe("none");
  p.read();
  expect(p.source).toBe("chance");
  p.write([1, 2]);
  expect(p.source).toBe("given");
  p.draw(0, 0);
  expect([p.source, p.isHeld]).toEqual(["chance", false]);
  const place = new Float32Array([3, 4]);
  p.lend(place);
  expect([p.source, p.isHeld, p.liesIn(place)]).toEqual(["given", false, true]);
  expect([...p.read()]).toEqual([3, 4]);
  expect([p.source, p.isHeld, p.liesIn(place)]).toEqual(["given", true, false]);
});
