import { compile, mean, nn, optim, parameter, parameterOf, random, type Tensor, tensor, whileLoop } from "pondus";
import { describe, expect, test } from "vitest";
import { keyFor } from "../../src/tensor/random/key.ts";

/** Learns a sine from noisy draws that are new at each step: weights, optimizer state and random keys all matter. */
function sine(seed = 4) {
  const net = nn.sequential(nn.dense(1, 6), nn.tanh, nn.dense(6, 1));
  nn.initialize(net, seed);
  const loss = ({ key }: { key: Tensor }) => {
    const x = random.uniform(key, [8, 1]).mul(4).sub(2);
    return nn.mse(net(x), x.sin());
  };
  const grid = tensor(Array.from({ length: 9 }, (_, i) => [i / 2 - 2]));
  return { net, loss, validation: nn.mse(net(grid), grid.sin()) };
}

const rate = optim.schedules.cosine({ initial: 0.02, steps: 60 });
const bytes = (model: nn.Model) =>
  Object.values(nn.parametersOf(model)).map((p) => Buffer.from(p.read().slice().buffer).toString("hex"));

describe("fit", () => {
  test("learns, step for step as plain runs of the program do", async () => {
    const fitted = sine();
    const optimizer = optim.adam({ learningRate: rate });
    const result = await optim.fit({ loss: fitted.loss, optimizer, steps: 60, recordEvery: 7 });
    expect(result).toMatchObject({ stopped: "finished", steps: 60, bestStep: undefined });
    expect(result.history.map((r) => r.step)).toEqual([7, 14, 21, 28, 35, 42, 49, 56, 60]);
    expect(result.history.at(-1)?.loss).toBe(result.loss);
    expect(result.loss).toBeLessThan(0.5 * result.history[0].loss);

    const plain = sine();
    const program = compile(
      ({ step }) => {
        const loss = plain.loss({ key: random.foldIn(keyFor(0, "training"), step) });
        return { loss, ...optimizer.minimize(loss) };
      },
      { step: { shape: [], dtype: "int32" } },
    );
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) losses.push((await program.run({ step })).loss.item());
    // Another program, so another order of rounding on some backends.
    for (const { step, loss } of result.history) expect(Math.abs(loss / losses[step - 1] - 1)).toBeLessThan(1e-4);
  });

  test("how steps are cut into calls does not change a bit", async () => {
    const run = async (recordEvery: number) => {
      const { net, loss } = sine();
      const { history } = await optim.fit({
        loss,
        optimizer: optim.adam({ learningRate: rate }),
        steps: 60,
        recordEvery,
      });
      return { net: bytes(net), losses: new Map(history.map((r) => [r.step, r.loss])) };
    };
    const [single, sevens, whole] = [await run(1), await run(7), await run(60)];
    expect(sevens.net).toEqual(single.net);
    expect(whole.net).toEqual(single.net);
    for (const [step, loss] of sevens.losses) expect(loss).toBe(single.losses.get(step));
  });

  test("the seed chooses the random keys", async () => {
    const run = async (seed: number) => {
      const { net, loss } = sine();
      await optim.fit({ loss, optimizer: optim.adam({ learningRate: rate }), steps: 3, seed });
      return bytes(net);
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  test("interrupted and resumed it ends with the same bytes", async () => {
    const settings = { optimizer: optim.adam({ learningRate: rate }), steps: 60, recordEvery: 20 };
    const whole = sine();
    const straight = await optim.fit({ ...settings, loss: whole.loss, validation: { loss: whole.validation } });

    const first = sine();
    const stop = new AbortController();
    const broken = await optim.fit({
      ...settings,
      loss: first.loss,
      validation: { loss: first.validation },
      signal: stop.signal,
      onProgress: ({ step }) => step > 24 && stop.abort(),
    });
    expect(broken.stopped).toBe("interrupted");
    expect(broken.steps).toBeGreaterThan(24);
    expect(broken.steps).toBeLessThan(60);
    expect(bytes(first.net)).not.toEqual(bytes(whole.net));

    const second = sine(99);
    const resumed = await optim.fit({
      ...settings,
      loss: second.loss,
      validation: { loss: second.validation },
      resume: structuredClone(broken.checkpoint),
    });
    expect(bytes(second.net)).toEqual(bytes(whole.net));
    expect(resumed.history).toEqual(straight.history);
    expect(resumed.bestStep).toBe(straight.bestStep);
    expect(resumed.checkpoint).toEqual(straight.checkpoint);
  });

  test("an aborted signal stops before the first step", async () => {
    const { net, loss } = sine();
    const before = bytes(net);
    const r = await optim.fit({
      loss,
      optimizer: optim.sgd({ learningRate: 1 }),
      steps: 5,
      signal: AbortSignal.abort(),
    });
    expect(r).toMatchObject({ stopped: "interrupted", steps: 0 });
    expect(bytes(net)).toEqual(before);
  });

  test("progress tells the step, the loss, and gives a checkpoint that resumes", async () => {
    const { net, loss } = sine();
    const seen: optim.Progress[] = [];
    const saved: optim.Checkpoint[] = [];
    await optim.fit({
      loss,
      optimizer: optim.adam({ learningRate: rate }),
      steps: 30,
      recordEvery: 10,
      onProgress: (p) => {
        seen.push(p);
        saved.push(p.checkpoint());
      },
    });
    expect(seen.at(-1)).toMatchObject({ step: 30, steps: 30, secondsLeft: 0 });
    expect(seen.every((p, i) => p.stepsPerSecond > 0 && p.step > (seen[i - 1]?.step ?? 0))).toBe(true);
    for (const [i, p] of seen.entries()) expect(saved[i].step).toBe(p.step);
    const final = bytes(net);
    await optim.fit({
      loss,
      optimizer: optim.adam({ learningRate: rate }),
      steps: 30,
      recordEvery: 10,
      resume: saved[0],
    });
    expect(bytes(net)).toEqual(final);
  });

  test("a checkpoint of another model is refused", async () => {
    const { loss } = sine();
    const { checkpoint } = await optim.fit({ loss, optimizer: optim.sgd({ learningRate: 0.1 }), steps: 1 });
    const again = optim.fit({ loss, optimizer: optim.adam({ learningRate: 0.1 }), steps: 2, resume: checkpoint });
    await expect(again).rejects.toThrow(/0\.weight\/m should be float32 \[1,6\], but the checkpoint holds nothing/);
  });

  test("a loss that needs an input, or steps that are none, are refused", async () => {
    const w = parameter([], 1);
    const optimizer = optim.sgd({ learningRate: 1 });
    let outer: Tensor | undefined;
    compile(
      ({ x }) => {
        outer = x;
        return { x };
      },
      { x: [] },
    );
    await expect(optim.fit({ loss: w.mul(outer!), optimizer, steps: 1 })).rejects.toThrow(/needs input "x"/);
    await expect(optim.fit({ loss: w, optimizer, steps: 0 })).rejects.toThrow(/steps must be a whole number from 1/);
    await expect(optim.fit({ loss: w, optimizer, steps: 1, validation: { loss: w, patience: 0 } })).rejects.toThrow(
      /patience must be a whole number/,
    );
  });
});

describe("early stopping", () => {
  // w moves by exactly 1 a step; validation is best at w = 4.
  const march = () => {
    const w = parameter([], 0, { name: "w" });
    return { w, loss: w.mul(-1), validation: { loss: w.sub(4).square(), patience: 3 } };
  };
  const value = (w: Tensor) => parameterOf(w)!.read()[0];
  const settings = { optimizer: optim.sgd({ learningRate: 1 }), recordEvery: 1 };

  test("stops after so many records without improvement and restores the best weights", async () => {
    const { w, loss, validation } = march();
    const r = await optim.fit({ ...settings, loss, validation, steps: 100 });
    expect(r).toMatchObject({ stopped: "early", steps: 7, bestStep: 4 });
    expect(r.history.map((h) => h.validation)).toEqual([9, 4, 1, 0, 1, 4, 9]);
    expect(value(w)).toBe(4);
    expect([...r.checkpoint.tensors.w.data, ...r.checkpoint.tensors["best/w"].data]).toEqual([7, 4]);
  });

  test("patience counts across a resume", async () => {
    const { w, loss, validation } = march();
    const part = await optim.fit({ ...settings, loss, validation, steps: 6 });
    expect(part).toMatchObject({ stopped: "finished", bestStep: 4 });
    expect(value(w)).toBe(4);
    const r = await optim.fit({ ...settings, loss, validation, steps: 100, resume: part.checkpoint });
    expect(r).toMatchObject({ stopped: "early", steps: 7, bestStep: 4 });
    expect(value(w)).toBe(4);
  });

  test("without patience validation is only recorded", async () => {
    const { w, loss, validation } = march();
    const r = await optim.fit({ ...settings, loss, validation: { loss: validation.loss }, steps: 9 });
    expect(r).toMatchObject({ stopped: "finished", steps: 9, bestStep: 4 });
    expect(value(w)).toBe(9);
  });
});

describe("a training that goes astray while its loss stays finite", () => {
  const warned = async (rate: number, steps = 200) => {
    const net = nn.sequential(nn.dense(1, 8), nn.tanh, nn.dense(8, 1));
    nn.initialize(net, 2);
    const x = tensor([[-1], [0], [1], [2]]);
    return (await optim.fit({ loss: nn.mse(net(x), x.sin()), optimizer: optim.adam({ learningRate: rate }), steps }))
      .warning;
  };

  test("is warned of: far away, or stuck where tanh saturates", async () => {
    const words =
      /^the loss began at [\d.]+ and was never below [\d.e+]+ from step 101 on: training made it worse; lower/;
    expect(await warned(1e6)).toMatch(words);
    expect(await warned(100, 400)).toMatch(/never below 0\.\d+ from step 202 on/);
  });

  test("a slow one, a good one and a short one are not", async () => {
    for (const [rate, steps] of [[1e-9], [1e-2], [1e6, 5]]) expect(await warned(rate, steps)).toBeUndefined();
  });

  test("random batches have to be worse by far, and a loss below 0 has no scale", async () => {
    const w = parameter([], 1);
    const optimizer = optim.sgd({ learningRate: 1 });
    const up = async (height: number) => {
      const loss = ({ step }: { step: Tensor }) => w.mul(0).add(step.gt(0).where(tensor(height), 1));
      return (await optim.fit({ loss, optimizer, steps: 40 })).warning;
    };
    expect(await up(5)).toBeUndefined();
    expect(await up(50)).toMatch(/never below 50 from step 21 on/);
    expect((await optim.fit({ loss: w.mul(-1), optimizer, steps: 40 })).warning).toBeUndefined();
  });
});

describe("NaN and infinity", () => {
  const failure = async (run: Promise<unknown>): Promise<optim.NonFiniteError> => {
    const error = await run.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(optim.NonFiniteError);
    expect(error).toMatchObject({ code: "train.nonfinite", exitCode: 1 });
    return error as optim.NonFiniteError;
  };

  test("a rate of 1e6: names the expression and the line, and leaves weights that gave a finite loss", async () => {
    const net = nn.sequential(nn.dense(1, 4), nn.dense(4, 1));
    nn.initialize(net, 1);
    const loss = mean(net(tensor([[1], [2], [3]])).square());
    const error = await failure(optim.fit({ loss, optimizer: optim.sgd({ learningRate: 1e6 }), steps: 100 }));
    expect(error.message).toMatch(
      /^train: the loss at step \d+ is (Infinity|NaN) \(it was [\d.e+]+ the step before\)\. /,
    );
    expect(error.message).toMatch(
      /first expression that is not finite: \w+ \[[\d,]*\] \(.*at fit\.test\.ts:\d+\) gave/,
    );
    expect(error.message).toMatch(/Lower the rate, or clip the gradients/);
    const values = Object.values(nn.parametersOf(net)).flatMap((p) => [...p.read()]);
    expect(values.every(Number.isFinite)).toBe(true);
    expect((await compile(() => ({ loss })).run()).loss.item()).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(error.checkpoint.step).toBe(error.step - 2);
    const saved = Object.entries(nn.parametersOf(net)).map(([name]) => error.checkpoint.tensors[name].data);
    expect(saved.flatMap((d) => [...d])).toEqual(values);
  });

  test("the very expression, far into the training, with the last good state exactly", async () => {
    // w = 50 - step: the logarithm's argument is 0 at the loss of step 51.
    const w = parameter([], 50, { name: "w" });
    const loss = w.add(w.log().mul(0).stopGradient());
    const error = await failure(
      optim.fit({ loss, optimizer: optim.sgd({ learningRate: 1 }), steps: 100, recordEvery: 30 }),
    );
    expect(error.step).toBe(51);
    expect(error.message).toMatch(/log \[\] \(at fit\.test\.ts:\d+\) gave -Infinity/);
    expect(error.checkpoint.step).toBe(49);
    expect(parameterOf(w)!.read()[0]).toBe(1);
    expect(error.checkpoint.history.map((r) => r.step)).toEqual([30]);
  });

  test("a gradient that is not finite though the loss is", async () => {
    const w = parameter([], 0, { name: "w" });
    const error = await failure(optim.fit({ loss: w.sqrt(), optimizer: optim.sgd({ learningRate: 1 }), steps: 5 }));
    expect(error.message).toMatch(
      /^train: the new values at step 1 are not finite\. .*gradient of sqrt at fit\.test\.ts/,
    );
    expect(parameterOf(w)!.read()[0]).toBe(0);
    expect(error.checkpoint.step).toBe(0);
  });

  test("inside a loop, and with NaN in the data", async () => {
    const w = parameter([], 2, { name: "w" });
    const looped = whileLoop(
      { x: w },
      ({ x }) => x.lt(1e30),
      ({ x }) => ({ x: x.mul(x).exp() }),
      { limit: 4 },
    ).x;
    const error = await failure(optim.fit({ loss: looped, optimizer: optim.sgd({ learningRate: 1 }), steps: 5 }));
    expect(error.message).toMatch(/exp \[\] \(at fit\.test\.ts:\d+\) gave Infinity/);
    const data = tensor([1, Number.NaN]);
    const poisoned = optim.fit({ loss: mean(data.mul(w)), optimizer: optim.sgd({ learningRate: 1 }), steps: 5 });
    expect((await failure(poisoned)).message).toMatch(/not finite: the data \[2\] \(at fit\.test\.ts:\d+\) gave NaN/);
  });

  test("an unknown label is blamed on the loss", async () => {
    const w = parameter([1, 2], [[0, 0]]);
    const loss = nn.crossEntropy(w, tensor([5], { dtype: "int32" }));
    const error = await failure(optim.fit({ loss, optimizer: optim.sgd({ learningRate: 1 }), steps: 5 }));
    expect(error.message).toMatch(/where \[1\] \(made by crossEntropy at fit\.test\.ts:\d+\) gave NaN/);
  });
});
