import fc from "fast-check";
import { compile, nn, optim, tensor } from "pondus";
import { expect, test } from "vitest";

/** The rows of steps from 0 on, or of the steps in a list. */
async function rowsOf(
  batch: ReturnType<typeof optim.batches>,
  steps: number | readonly number[],
  backend: "auto" | "reference" = "auto",
) {
  const type = { shape: [], dtype: "int32" } as const;
  const program = compile(({ step }) => ({ rows: batch(step) }), { step: type }, { backend });
  const wanted = typeof steps === "number" ? Array.from({ length: steps }, (_, i) => i) : steps;
  const found: number[][] = [];
  for (const step of wanted) found.push(Array.from((await program.run({ step: [step] })).rows.data));
  return found;
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test("every epoch holds every row once, whatever the sizes and the seed", async () => {
  const sizes = fc.integer({ min: 1, max: 30 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n })));
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), async ([n, size], seed) => {
      const all = (await rowsOf(optim.batches(n, size, { seed }), 3 * n, "reference")).flat();
      for (let epoch = 0; epoch < 3 * size; epoch++) {
        expect(all.slice(epoch * n, (epoch + 1) * n).sort((a, b) => a - b)).toEqual(upTo(n));
      }
    }),
    { numRuns: 10 },
  );
});

test("every order of four rows is as likely as any other", async () => {
  const found = new Map<string, number>();
  const epochs = 24 * 400;
  for (const order of await rowsOf(optim.batches(4, 4, { seed: 1 }), epochs)) {
    found.set(order.join(), (found.get(order.join()) ?? 0) + 1);
  }
  expect(found.size).toBe(24);
  const squares = [...found.values()].reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0);
  expect(squares).toBeLessThan(70.5); // of chi-square with 23 degrees of freedom, one in 10^6 is larger (SciPy)
});

test("each row is as likely at each place, and is beside its neighbour as often as chance has it", async () => {
  const [n, epochs] = [50, 4000];
  const counts = new Float64Array(n * n);
  let beside = 0;
  for (const order of await rowsOf(optim.batches(n, n), epochs)) {
    order.forEach((row, place) => {
      counts[place * n + row]++;
      if (place > 0 && Math.abs(row - order[place - 1]) === 1) beside++;
    });
  }
  const expected = epochs / n;
  const squares = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = (n - 1) ** 2;
  expect(Math.abs(squares - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom));
  // 2 (n - 1) / n neighbours to an order, of about that variance.
  const mean = (2 * (n - 1)) / n;
  expect(Math.abs(beside / epochs - mean)).toBeLessThan(5 * Math.sqrt(mean / epochs));
});

test("epochs and seeds have orders of their own; a step alone says which rows it sees", async () => {
  const one = await rowsOf(optim.batches(30, 30, { seed: 1 }), 3);
  const other = await rowsOf(optim.batches(30, 30, { seed: 2 }), 3);
  expect(new Set([...one, ...other].map((order) => order.join())).size).toBe(6);
  expect(await rowsOf(optim.batches(30, 30, { seed: 1 }), [2, 0])).toEqual([one[2], one[0]]);
});

test("without shuffling, batches go round the rows, exactly also after more of them than an int32 counts", async () => {
  expect(await rowsOf(optim.batches(5, 2, { shuffle: false }), 4)).toEqual([
    [0, 1],
    [2, 3],
    [4, 0],
    [1, 2],
  ]);
  const [count, size, step] = [999_983, 4096, 2 ** 31 - 1];
  const [rows] = await rowsOf(optim.batches(count, size, { shuffle: false }), [step]);
  const first = Number((BigInt(step) * BigInt(size)) % BigInt(count));
  expect(rows).toEqual(upTo(size).map((i) => (first + i) % count));
});

test("a training on batches takes the steps of a loop that is given the same rows", async () => {
  const x = upTo(10).map((i) => [Math.sin(i), Math.cos(2 * i)]);
  const y = x.map(([a, b]) => [a * b]);
  const net = nn.dense(2, 1);
  const sgd = () => optim.sgd({ learningRate: 0.1 });
  const batch = optim.batches(10, 4, { seed: 3 });
  nn.initialize(net, 0);
  const [inputs, targets] = [tensor(x), tensor(y)];
  await optim.fit({
    loss: ({ step }) => {
      const rows = batch(step);
      return nn.mse(net(inputs.gather(rows)), targets.gather(rows));
    },
    optimizer: sgd(),
    steps: 25,
  });
  const { weight, bias } = nn.parametersOf(net);
  const trained = [...weight.read(), ...bias.read()];

  nn.initialize(net, 0);
  const step = compile(
    ({ a, b }) => {
      const loss = nn.mse(net(a), b);
      return { loss, updates: sgd().minimize(loss).updates };
    },
    { a: [4, 2], b: [4, 1] },
  );
  for (const rows of await rowsOf(batch, 25)) {
    await step.run({ a: rows.map((i) => x[i]), b: rows.map((i) => y[i]) });
  }
  [...weight.read(), ...bias.read()].forEach((value, i) => {
    expect(value).toBeCloseTo(trained[i], 5);
  });
});

test("a batch that is larger than the data, or no whole number, is refused", () => {
  for (const [count, size] of [
    [3, 4],
    [0, 1],
    [3, 0],
    [3, 1.5],
    [Number.NaN, 1],
  ]) {
    expect(() => optim.batches(count, size)).toThrow(expect.objectContaining({ code: "batches.size" }));
  }
});
