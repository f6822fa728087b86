import { compile, nn, PondusError, random, type Tensor, tensor, weigh } from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { data, float64 } from "../support/small-net.ts";

const lengths = (list: number[]) => tensor(list, { dtype: "int32" });
const run = async (build: () => Record<string, Tensor>) => {
  const got = await compile(build).run();
  return Object.fromEntries(Object.entries(got).map(([name, x]) => [name, x.toList()]));
};

describe("lengths and states", () => {
  const x = data([3, 4, 2], 1);
  const kinds = { rnn: nn.rnn, gru: nn.gru, lstm: nn.lstm };

  test.each(Object.entries(kinds))("%s: a sequence goes on where its first half ended", async (_, make) => {
    const net = make(2, 3, { layers: 2, ...float64 }) as nn.Recurrent;
    const first = net.run(x.slice(0, 1, 1));
    const second = net.run(x.slice(1, 4, 1), { state: first.state });
    const whole = net.run(x);
    const got = await compile(() => ({ whole: whole.output.slice(1, 4, 1), second: second.output })).run();
    expect(difference(got.second, got.whole.data)).toBe(undefined);
    const states = Object.keys(whole.state).flatMap((key) => [whole.state[key], second.state[key]]);
    const ends = await compile(() => Object.fromEntries(states.map((s, i) => [String(i), s]))).run();
    for (let i = 0; i < states.length; i += 2) expect(difference(ends[i + 1], ends[i].data)).toBe(undefined);
  });

  test("no steps leave the state alone, and more than there are take all", async () => {
    const net = nn.lstm(2, 3, { bidirectional: true, ...float64 });
    const state = { h: data([2, 3, 3], 7), c: data([2, 3, 3], 8) };
    const some = net.run(x, { state, lengths: lengths([0, 9, 4]) });
    const all = net.run(x, { state });
    const got = await run(() => ({ some: some.output, all: all.output, h: some.state.h, before: state.h }));
    const [h, before] = [got.h, got.before] as number[][][];
    expect((got.some as number[][][])[0].flat().every((y) => y === 0)).toBe(true);
    expect((got.some as number[][][]).slice(1)).toEqual((got.all as number[][][]).slice(1));
    expect(h.map((place) => place[0])).toEqual(before.map((place) => place[0]));
  });
});

test("dropout stands between layers, and only while training", async () => {
  const net = nn.lstm(2, 3, { layers: 2, dropout: 0.5, ...float64 });
  const [first, second] = [nn.lstm(2, 3, float64), nn.lstm(3, 3, float64)];
  for (const [level, one] of [first, second].entries()) {
    for (const [name, p] of Object.entries(nn.parametersOf(one))) {
      p.write(nn.parametersOf(net)[name.replace("_l0", `_l${level}`)].read());
    }
  }
  const x = data([4, 5, 2], 1);
  const drop = nn.dropout(0.5);
  // The layer has time before the batch inside, which chooses what is dropped.
  const between = (y: Tensor) => drop(y.transpose(0, 1)).transpose(0, 1);
  const trained = (f: () => Tensor) => nn.training(random.key(3), f).value;
  const got = await compile(() => ({
    dropped: trained(() => net(x)),
    byHand: trained(() => second(between(first(x)))),
    after: net(x),
    whole: second(first(x)),
  })).run();
  expect(difference(got.dropped, got.byHand.data)).toBe(undefined);
  expect(difference(got.after, got.whole.data)).toBe(undefined);
  expect(difference(got.dropped, got.after.data)).not.toBe(undefined);
});

test("weights begin within 1/sqrt(hidden)", () => {
  const net = nn.gru(30, 16);
  nn.initialize(net, 2);
  for (const p of Object.values(nn.parametersOf(net))) {
    const largest = Math.max(...[...p.read()].map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.25);
    expect(largest).toBeGreaterThan(0.2);
  }
});

test("a layer says what it is, and weighs what it is made of", () => {
  const net = nn.lstm(3, 8, { layers: 2, bidirectional: true });
  expect([net.kind, net.name]).toEqual(["lstm", "lstm(3, 8)"]);
  const { layers, training } = weigh(nn.lstm(3, 8), { batch: 5, input: [20, 3] });
  expect(layers.map((l) => [l.name, l.parameters, l.formula])).toEqual([
    ["lstm(3, 8)", 416, "32 x 3 + 32 x 8 + 32 + 32"],
  ]);
  expect(training?.activations[0]).toMatchObject({ what: "x", shape: [5, 20, 3] });
});

test("a network that begins with a recurrent layer does not say how long its sequences are", () => {
  const net = nn.sequential(nn.gru(3, 8), nn.dense(8, 1));
  expect(net.takes).toBe(undefined);
  expect(weigh(net, { batch: 4 }).training).toBe(undefined);
  expect(weigh(net, { batch: 4, input: [20, 3] }).training?.activations[0].shape).toEqual([4, 20, 3]);
});

describe("mistakes", () => {
  const x = tensor(new Float32Array(24), { shape: [2, 4, 3] });
  const net = nn.lstm(3, 5);
  const zeros = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b)), { shape });
  const at = String.raw` \(at recurrence-use\.test\.ts:\d+\)`;
  test.each<[string, string, string, () => unknown]>([
    ["sizes", "layer.size", "lstm(3.5, 8): both sizes must be whole numbers from 1.", () => nn.lstm(3.5, 8)],
    ["no hidden", "layer.size", "gru(3, 0): both sizes must be whole numbers from 1.", () => nn.gru(3, 0)],
    [
      "layers",
      "layer.size",
      "rnn(3, 8): layers must be a whole number from 1, but 1.5 came.",
      () => nn.rnn(3, 8, { layers: 1.5 }),
    ],
    [
      "projection",
      "layer.size",
      "lstm(3, 8): projection must be a whole number from 1 to 7, or 0 for none, but 8 came.",
      () => nn.lstm(3, 8, { projection: 8 }),
    ],
    [
      "layer.option",
      "layer.option",
      'rnn(3, 8): activation is "tanh" or "relu", but "gelu" came.',
      () => nn.rnn(3, 8, { activation: "gelu" as never }),
    ],
    [
      "dropout behind one layer",
      "layer.option",
      "lstm(3, 8): dropout is between layers, but there is only one; put nn.dropout(0.1) behind it, or give more layers.",
      () => nn.lstm(3, 8, { dropout: 0.1 }),
    ],
    [
      "unknown gate",
      "recurrence.tie",
      'lstm(3, 8): tie names the gate "forgot", but the gates are input, forget, cell, output.',
      () => nn.lstm(3, 8, { tie: [["input", "forgot" as never]] }),
    ],
    [
      "no forget gate where it is coupled",
      "recurrence.tie",
      'lstm(3, 8): tie names the gate "forget", but the gates are input, cell, output.',
      () => nn.lstm(3, 8, { coupled: true, tie: [["input", "forget"]] }),
    ],
    [
      "a gate in two groups",
      "recurrence.tie",
      'gru(3, 8): tie names "reset" twice; groups that share a gate are one group.',
      () =>
        nn.gru(3, 8, {
          tie: {
            bias: [
              ["reset", "update"],
              ["new", "reset"],
            ],
          },
        }),
    ],
    [
      "a gate alone",
      "recurrence.tie",
      "lstm(3, 8): the group [cell] ties nothing; name a second gate in it, or leave it out.",
      () => nn.lstm(3, 8, { tie: [["cell"]] }),
    ],
    [
      "no groups",
      "recurrence.tie",
      'lstm(3, 8): tie takes groups of gates, such as [["input", "forget"]].',
      () => nn.lstm(3, 8, { tie: ["input", "forget"] as never }),
    ],
    [
      "another kind of weight",
      "recurrence.tie",
      'lstm(3, 8): tie has "hidden", but what gates can share apart is input, recurrent and bias.',
      () => nn.lstm(3, 8, { tie: { hidden: [] } as never }),
    ],
    [
      "features second",
      "layer.input",
      "lstm(3, 5): expected float32 [batch, time, 3], but float32 [2,3,4]@ came; features stand last, so turn it by x.transpose(1, 2).",
      () => net(zeros(2, 3, 4)),
    ],
    [
      "one sequence",
      "layer.input",
      "lstm(3, 5): expected float32 [batch, time, 3], but float32 [4,3]@ came; x.unsqueeze(0) makes a batch of one sequence.",
      () => net(zeros(4, 3)),
    ],
    [
      "other features",
      "layer.input",
      "lstm(3, 5): expected float32 [batch, time, 3], but float32 [2,4,7]@ came; reshape it, or make a layer of as many inputs as there are features.",
      () => net(zeros(2, 4, 7)),
    ],
    [
      "another type",
      "layer.input",
      'lstm(3, 5): expected float32 [batch, time, 3], but float64 [2,4,3]@ came; convert it by x.cast("float32"), or give the layer { dtype: "float64" }.',
      () => net(tensor(new Float64Array(24), { shape: [2, 4, 3] })),
    ],
    [
      "whole numbers",
      "layer.input",
      'lstm(3, 5): expected float32 [batch, time, 3], but int32 [2,4,3]@ came; convert it by x.cast("float32").',
      () => net(tensor(new Int32Array(24), { shape: [2, 4, 3] })),
    ],
    [
      "no steps",
      "layer.input",
      "lstm(3, 5): expected float32 [batch, time, 3], but float32 [2,0,3]@ came; there must be a step at least.",
      () => net(x.slice(0, 0, 1)),
    ],
    [
      "half a state",
      "recurrence.state",
      "lstm(3, 5): expected float32 [1,2,5] [layers * directions, batch, size] as c of the state, but nothing came; give all of { h, c }, or no state for zeros.",
      () => net.run(x, { state: { h: zeros(1, 2, 5) } as never }),
    ],
    [
      "a state without layers",
      "recurrence.state",
      "lstm(3, 5): expected float32 [1,2,5] [layers * directions, batch, size] as h of the state, but float32 [2,5]@ came; give all of { h, c }, or no state for zeros.",
      () => net.run(x, { state: { h: zeros(2, 5), c: zeros(2, 5) } }),
    ],
    [
      "lengths that are no whole numbers",
      "recurrence.lengths",
      'lstm(3, 5): lengths are the steps of each sequence, int32 [2], but float32 [2]@ came; make them by tensor([...], { dtype: "int32" }).',
      () => net.run(x, { lengths: tensor([1, 2]) }),
    ],
    [
      "lengths of another batch",
      "recurrence.lengths",
      'lstm(3, 5): lengths are the steps of each sequence, int32 [2], but int32 [3]@ came; make them by tensor([...], { dtype: "int32" }).',
      () => net.run(x, { lengths: lengths([1, 2, 3]) }),
    ],
  ])("%s", (_, code, says, mistake) => {
    let error: unknown;
    try {
      mistake();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PondusError);
    const { code: came, message } = error as PondusError;
    expect(came).toBe(code);
    const escaped = says.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replace("@", at);
    expect(message).toMatch(new RegExp(`^${escaped}$`));
  });

  test("a rate that is none", () => {
    expect(() => nn.lstm(3, 8, { layers: 2, dropout: 1 })).toThrow("dropout(1): the rate is a probability");
  });
});
