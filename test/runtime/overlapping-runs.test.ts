import type { Worker } from "node:worker_threads";
import { compile, nn, parameter, parameterOf, repeat, type Tensor, zeros } from "pondus";
import { expect, test } from "vitest";
import type { Parameter } from "../../src/graph/parameter.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const behind = (x: Tensor) => parameterOf(x) as Parameter;
const busy = expect.objectContaining({ name: "PondusError", code: "parameter.busy" });

onEveryBackend((backend) => {
  const changing = (w: Tensor, change: (w: Tensor) => Tensor) =>
    compile(() => ({ before: w, updates: [{ parameter: behind(w), value: change(w) }] }), {}, { backend });
  const looking = (w: Tensor) => compile(() => ({ w: w.mul(1) }), {}, { backend });

  test("runs take the order in which they were asked for, whether their programs are loaded or not", async () => {
    const w = parameter([2], [1, 2]);
    const [double, increase, look] = [changing(w, (x) => x.mul(2)), changing(w, (x) => x.add(1)), looking(w)];
    await increase.load();
    for (let round = 0; round < 2; round++) {
      behind(w).write([1, 2]);
      const runs = [double.run(), increase.run(), double.run(), increase.run()];
      const seen = look.run();
      await Promise.all(runs);
      expect([...(await seen).w.data]).toEqual([7, 11]);
      expect([...behind(w).read()]).toEqual([7, 11]);
    }
  });

  test("from the call until its end, what a run changes is neither read, nor written, nor drawn", async () => {
    const w = parameter([2], [1, 2]);
    const program = changing(w, (x) => x.add(1));
    for (let round = 0; round < 2; round++) {
      const run = program.run();
      const attempts = [
        () => behind(w).read(),
        () => behind(w).peek(),
        () => behind(w).write([5, 6]),
        () => nn.initialize({ w }, 0),
      ];
      for (const attempt of attempts) expect(attempt).toThrow(busy);
      await run;
      expect([...behind(w).read()]).toEqual([2, 3]);
      behind(w).write([1, 2]);
    }
  });

  test("a run computes with the weights of its call: what is written after it counts for the next", async () => {
    const w = parameter([2], [1, 2]);
    const [look, another] = [looking(w), looking(w)];
    const see = async (run: ReturnType<typeof look.run>) => [...(await run).w.data];
    for (let round = 0; round < 3; round++) {
      behind(w).write([1, 2]);
      const runs = [look.run(), another.run()];
      behind(w).write([3, 4]);
      runs.push(look.run());
      nn.initialize({ w }, 0);
      behind(w).write([5, 6]);
      runs.push(another.run(), look.run());
      expect(await Promise.all(runs.map(see))).toEqual([
        [1, 2],
        [1, 2],
        [3, 4],
        [5, 6],
        [5, 6],
      ]);
    }
  });

  test("a run that waits for one that changes its weights computes with those, though they are written before it begins", async () => {
    const w = parameter([2], [1, 2]);
    const other = parameter([], 0);
    const [increase, slow, look] = [changing(w, (x) => x.add(1)), changing(other, (x) => x.add(1)), looking(w)];
    const first = increase.run();
    const between = slow.run();
    const last = look.run();
    await first;
    behind(w).write([9, 9]);
    await between;
    expect([...(await last).w.data]).toEqual([2, 3]);
    expect([...(await look.run()).w.data]).toEqual([9, 9]);
  });

  test("a refused input holds up nothing", async () => {
    const w = parameter([2], [1, 2]);
    const scale = compile(
      ({ x }) => ({ updates: [{ parameter: behind(w), value: w.mul(x) }] }),
      { x: [2] },
      { backend },
    );
    await expect(scale.run({ x: [1] })).rejects.toThrow(expect.objectContaining({ code: "values.size" }));
    expect([...behind(w).read()]).toEqual([1, 2]);
    await scale.run({ x: [3, 3] });
    expect([...behind(w).read()]).toEqual([3, 6]);
  });
});

/** More numbers than an array can hold. */
const tooMany = () => zeros([2 ** 24, 2 ** 12]).add(1);

test("after a run that failed, its weights are as they were, other programs use them, and it says why each time", async () => {
  const w = parameter([2], [1, 2]);
  const update = (value: Tensor) => ({ updates: [{ parameter: behind(w), value }] });
  const failing = compile(() => update(w.add(tooMany().sum())), {}, { backend: "reference" });
  const working = compile(() => update(w.add(1)), {}, { backend: "reference" });
  for (let round = 0; round < 2; round++) {
    const [failed, next] = [failing.run(), working.run()];
    await expect(failed).rejects.toMatchObject({
      code: "backend.memory",
      message: expect.stringMatching(/more memory than there is .*parameters are as they were before the run/),
    });
    await next;
    expect([...behind(w).read()]).toEqual([2 + round, 3 + round]);
  }
  behind(w).write([7, 8]);
  expect([...behind(w).read()]).toEqual([7, 8]);
});

test("after a worker came to an end in a run, weights are there, and the program runs again", async () => {
  const started: Worker[] = [];
  const note = (worker: Worker) => started.push(worker);
  process.on("worker", note);
  try {
    const w = parameter([2], [1, 2]);
    const step = { outputs: {}, updates: [{ parameter: behind(w), value: w.add(1) }] };
    const program = compile(
      ({ count }) => ({ updates: repeat(step, count).updates }),
      { count: { shape: [], dtype: "int32" } },
      { backend: "wasm" },
    );
    await program.run({ count: 3 });
    expect(started.length).toBeGreaterThan(0);
    const endless = program.run({ count: 2 ** 31 - 1 });
    const next = program.run({ count: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    for (const worker of started.splice(0)) await worker.terminate();
    await expect(endless).rejects.toMatchObject({
      code: "wasm.worker",
      message: expect.stringMatching(/came to an end .*half done/),
    });
    await next;
    behind(w).write([1, 2]);
    await program.run({ count: 5 });
    expect([...behind(w).read()]).toEqual([6, 7]);
  } finally {
    process.off("worker", note);
  }
});
