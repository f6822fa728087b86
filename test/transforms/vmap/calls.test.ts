import { compile, nn, PondusError, random, type Tensor, tensor, vmap, zeros } from "pondus";
import { describe, expect, test } from "vitest";

const x = tensor([1, 2, 3, 4]);
const m = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

/** Calls that TypeScript would refuse too. */
const loose = vmap as unknown as (f: unknown, options?: unknown) => (...args: unknown[]) => unknown;
const same = (y: Tensor) => y;

describe("a wrong call says which argument it is, what came, and how to mend it", () => {
  test.each<[string, () => unknown, string, RegExp]>([
    ["no function", () => loose(5)(x), "vmap.call", /function of one sample.*but 5 came/],
    ["another option", () => loose(same, { inAxes: 1 })(x), "vmap.call", /no option `inAxes`.*`in` says/],
    ["options of another kind", () => loose(same, 0)(x), "vmap.call", /should be a record, but 0 came/],
    ["no argument", () => loose(() => x)(), "vmap.size", /no argument has samples.*`in`/],
    ["a number", () => loose(same)(3), "tree.leaf", /argument 1: .*but 3 came; tensor/],
    ["a number in a list", () => loose(same)(x, { a: [x, 1] }), "tree.leaf", /argument 2 at a\[1\]: .*but 1 came/],
    ["a layer", () => loose(same)(nn.dense(2, 2)), "tree.leaf", /argument 1: /],
    ["a scalar", () => vmap(same)(tensor(1)), "vmap.axis", /argument 1, float32 \[\].*0 is none of \[\]/],
    [
      "an axis that is not there",
      () => vmap(same, { in: -3 })(m),
      "vmap.axis",
      /`in`.*argument 1.*-3 is none of \[2,3\]/,
    ],
    ["half an axis", () => vmap(same, { in: 0.5 })(m), "vmap.axis", /0\.5 is none of \[2,3\]/],
    ["an axis that is a text", () => loose(same, { in: "0" })(m), "vmap.axis", /"0" came/],
    [
      "too few axes",
      () => vmap((a: Tensor, b: Tensor) => a.add(b), { in: [0] })(x, x),
      "vmap.axis",
      /2 arguments came/,
    ],
    [
      "an axis for what is not there",
      () => vmap((r: { a: Tensor }) => r.a, { in: { a: 0, b: 0 } })({ a: x }),
      "vmap.axis",
      /`in` gives an axis to "b" of argument 1, where there is a;/,
    ],
    [
      "an axis deep inside for what is not there",
      () => vmap((r: { "a.b": Tensor[] }) => r["a.b"][0], { in: { "a.b": [0, 0] } })({ "a.b": [x] }),
      "vmap.axis",
      /"1" of argument 1 \(\["a\.b"\]\), where there is a list of 1/,
    ],
    [
      "no axis for what is there",
      () => vmap((r: { a: Tensor; b: Tensor }) => r.a, { in: { a: 0 } })({ a: x, b: x }),
      "vmap.axis",
      /argument 1 \(b\).*undefined came/,
    ],
    [
      "too many results' axes",
      () => vmap((y: Tensor) => [y], { out: [0, 1] })(x),
      "vmap.axis",
      /`out`.*"1" of the result/,
    ],
    ["a result's axis that is not there", () => vmap(same, { out: 3 })(x), "vmap.axis", /`out`.*3 is none of \[4\]/],
    [
      "null for what differs",
      () => vmap(same, { out: null })(x),
      "vmap.axis",
      /the result differs from sample to sample/,
    ],
    [
      "unlike counts",
      () => vmap((a: Tensor, b: Tensor) => a.add(b))(x, tensor([1, 2])),
      "vmap.size",
      /argument 2 has 2 samples along axis 0.*argument 1 has 4.*null/,
    ],
    ["no samples at all", () => vmap(same, { in: null })(x), "vmap.size", /no argument has samples/],
    ["no result", () => loose(() => undefined)(x), "tree.leaf", /the function's result: .*undefined came/],
    ["a promise", () => loose(async (y: Tensor) => y)(x), "tree.leaf", /the function's result: .*a Promise came/],
  ])("%s", (_, call, code, message) => {
    expect(call).toThrow(PondusError);
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test("what a function throws comes through, and the next map is as ever", async () => {
    const broken = (_: Tensor): Tensor => {
      throw new RangeError("broken");
    };
    expect(() => vmap(broken)(x)).toThrow("broken");
    const { y } = await compile(() => ({ y: vmap((a: Tensor) => a.mul(2))(x) })).run();
    expect([...y.data]).toEqual([2, 4, 6, 8]);
  });

  test("a sample's value that is kept outside is refused", () => {
    let kept = x;
    const keep = (a: Tensor) => {
      kept = a.mul(2);
      return a;
    };
    const leaking = () => {
      vmap(keep)(x);
      return { kept };
    };
    expect(() => compile(leaking)).toThrow(
      expect.objectContaining({ code: "output.escaped", message: expect.stringMatching(/output "kept".*calls\.test/) }),
    );
    const norm = nn.batchNorm(3);
    nn.initialize(norm, 0);
    const training = () => {
      const batches = zeros([2, 5, 3]);
      const { value, updates } = nn.training(random.key(1), () => vmap((a: Tensor) => norm(a))(batches));
      return { value, updates };
    };
    expect(() => compile(training)).toThrow(
      expect.objectContaining({
        code: "output.escaped",
        message: expect.stringMatching(/the new value of .*statistics/),
      }),
    );
  });
});

describe("arguments and results are trees", () => {
  test("each tensor has an axis of its own, negative ones and null among them, and names may be any", async () => {
    const f = ({ "a.b": [p, q], c }: { "a.b": Tensor[]; c: { d: Tensor } }) => ({
      "x.y": [p.add(c.d), q],
      same: p,
      again: p,
      shared: c.d.mul(2),
    });
    const axes = { "a.b": [-1, 0], c: { d: null } };
    const out = { "x.y": [-1, 0], same: 0, again: 1, shared: null };
    const given = { "a.b": [m, tensor([7, 8, 9])], c: { d: tensor([10, 20]) } };
    const program = compile(() => {
      const y = vmap(f, { in: axes, out })(given);
      const constant = vmap((a: Tensor) => ({ zero: zeros([2]), a }))(m);
      return { p: y["x.y"][0], q: y["x.y"][1], ...y, "x.y": y.same, zero: constant.zero };
    });
    const r = await program.run();
    const of = (name: keyof typeof r) => [r[name].shape, [...r[name].data]];
    expect(of("p")).toEqual([
      [2, 3],
      [11, 12, 13, 24, 25, 26],
    ]);
    expect(of("q")).toEqual([[3], [7, 8, 9]]);
    expect(of("same")).toEqual([
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    expect(of("again")).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(of("shared")).toEqual([[2], [20, 40]]);
    expect(of("zero")).toEqual([
      [2, 2],
      [0, 0, 0, 0],
    ]);
  });

  test("one sample, none, and samples without entries", async () => {
    const f = (a: Tensor) => a.sin().sum();
    const program = compile(() => ({
      one: vmap(f)(tensor([[1, 2]])),
      none: vmap(f)(zeros([0, 2])),
      empty: vmap(f)(zeros([3, 0])),
    }));
    const { one, none, empty } = await program.run();
    expect(one.shape).toEqual([1]);
    expect(one.data[0]).toBeCloseTo(Math.sin(1) + Math.sin(2), 6);
    expect([none.shape, [...empty.data]]).toEqual([[0], [0, 0, 0]]);
  });
});
