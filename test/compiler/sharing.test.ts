import fc from "fast-check";
import { type BackendName, compile, concat, grad, nn, type Tensor, weigh } from "pondus";
import { expect, test } from "vitest";
import { Stream } from "../../src/graph/random/stream.ts";
import { onEveryBackend } from "../support/every-backend.ts";

/** A convolution's geometry, and what it is laid over. */
interface Shared {
  readonly image: readonly [number, number];
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly seed: number;
}

const pair = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));
const geometry: fc.Arbitrary<Shared> = fc
  .record({
    image: pair(1, 6),
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    kernel: pair(1, 4),
    stride: pair(1, 3),
    padding: pair(0, 2),
    seed: fc.nat(1000),
  })
  .filter(({ image, kernel, padding }) => image.every((n, i) => n + 2 * padding[i] >= kernel[i]));

const batch = 2;
const dtype = "float64";

/** The same function four times: a layer, and its weights by what each knob is in the convolution. */
interface Form {
  readonly layer: (x: Tensor) => Tensor;
  readonly parts: Record<"weight" | "bias", Tensor>;
}

function forms({ image, channels, outputs, kernel, stride, padding }: Shared) {
  const [height, width] = image;
  const [kh, kw] = kernel;
  const [rows, columns] = image.map((n, i) => Math.floor((n + 2 * padding[i] - kernel[i]) / stride[i]) + 1);
  const options = { stride, padding, dtype } as const;
  /** Which tap of the kernel lies on (y, x) in patch (i, j). */
  const tap = (y: number, x: number, i: number, j: number) => {
    const [u, v] = [y + padding[0] - i * stride[0], x + padding[1] - j * stride[1]];
    return u >= 0 && u < kh && v >= 0 && v < kw ? [u, v] : undefined;
  };

  const conv = nn.conv2d(channels, outputs, kernel, options);
  const local = nn.local2d(image, channels, outputs, kernel, options);
  nn.tie(local.parameters.weight, ([, , ...rest]) => rest.join());
  nn.tie(local.parameters.bias, ([, , o]) => o);

  const matrix = nn.dense(height * width * channels, rows * columns * outputs, { dtype });
  const entry = ([from, to]: readonly number[]) => {
    const [y, x, c] = [Math.floor(from / channels / width), Math.floor(from / channels) % width, from % channels];
    const [i, j, o] = [Math.floor(to / outputs / columns), Math.floor(to / outputs) % columns, to % outputs];
    const at = tap(y, x, i, j);
    return at && [o, c, ...at].join();
  };
  nn.freeze(matrix.parameters.weight, (index) => entry(index) === undefined, 0);
  nn.tie(matrix.parameters.weight, entry);
  nn.tie(matrix.parameters.bias, ([to]) => to % outputs);
  const dense = (x: Tensor) => matrix(x.reshape([batch, -1])).reshape([batch, rows, columns, outputs]);

  const one = nn.dense(kh * kw * channels, outputs, { dtype });
  const patchwise = (x: Tensor) => {
    const padded = x.padAxis(padding[0], padding[0], 1).padAxis(padding[1], padding[1], 2);
    return range(rows).reduce<Tensor | undefined>((all, i) => {
      const row = range(columns).reduce<Tensor | undefined>((some, j) => {
        const [y, x] = [i * stride[0], j * stride[1]];
        const patch = padded
          .slice(y, y + kh, 1)
          .slice(x, x + kw, 2)
          .reshape([batch, -1]);
        const made = one(patch)
          .reshape([batch, 1, 1, outputs])
          .padAxis(j, columns - 1 - j, 2);
        return some ? some.add(made) : made;
      }, undefined) as Tensor;
      const placed = row.padAxis(i, rows - 1 - i, 1);
      return all ? all.add(placed) : placed;
    }, undefined) as Tensor;
  };
  const all: Record<string, Form> = {
    conv: { layer: conv, parts: conv.parameters as Form["parts"] },
    local: { layer: local, parts: local.parameters as Form["parts"] },
    dense: { layer: dense, parts: matrix.parameters as Form["parts"] },
    patchwise: { layer: patchwise, parts: one.parameters as Form["parts"] },
  };
  return { all, entry, rows, columns, conv, local };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

async function agree(shared: Shared, backend: BackendName): Promise<void> {
  const { channels, outputs, kernel, image, seed } = shared;
  const { all, entry } = forms(shared);
  const random = new Stream(seed, "initialize", 1);
  const draw = (n: number) => range(n).map(() => 2 * random.uniform() - 1);
  const [kh, kw] = kernel;
  const w = draw(outputs * channels * kh * kw);
  const b = draw(outputs);
  const flat = (o: number, c: number, u: number, v: number) => w[((o * channels + c) * kh + u) * kw + v];
  const weightOf = (model: nn.Model) => Object.values(nn.weightsOf(model))[0];
  const each = (part: Tensor, value: (index: number[]) => number) => {
    const { shape } = part;
    const size = shape.reduce((n, m) => n * m, 1);
    weightOf(part).write(
      range(size).map((place) => {
        let rest = place;
        const index = [...shape].reverse().map((n) => {
          const i = rest % n;
          rest = Math.floor(rest / n);
          return i;
        });
        return value(index.reverse());
      }),
    );
  };
  each(all.conv.parts.weight, ([o, c, u, v]) => flat(o, c, u, v));
  each(all.local.parts.weight, ([, , o, c, u, v]) => flat(o, c, u, v));
  each(all.dense.parts.weight, (index) => {
    const key = entry(index);
    return key === undefined ? 0 : flat(...(key.split(",").map(Number) as [number, number, number, number]));
  });
  each(all.patchwise.parts.weight, ([from, o]) => {
    const [u, v, c] = [Math.floor(from / channels / kw), Math.floor(from / channels) % kw, from % channels];
    return flat(o, c, u, v);
  });
  for (const form of Object.values(all)) each(form.parts.bias, (index) => b[index[index.length - 1] % outputs]);

  const input = draw(batch * image[0] * image[1] * channels);
  const seen: Record<string, { y: number[]; x: number[]; weight: Map<number, number>; bias: Map<number, number> }> = {};
  for (const [name, { layer, parts }] of Object.entries(all)) {
    const program = compile(
      ({ x }) => {
        const y = layer(x);
        const knobs = { weight: nn.knobsOf(parts.weight), bias: nn.knobsOf(parts.bias) };
        const g = grad(y.sin().mul(y).sum(), {
          x,
          weight: Object.values(knobs.weight)[0] ?? x,
          bias: Object.values(knobs.bias)[0],
        });
        return { y, ...g };
      },
      { x: { shape: [batch, ...image, channels], dtype } },
      { backend },
    );
    const out = await program.run({ x: input });
    // Every knob has another value, by which its gradient is known in each form.
    const byValue = (part: Tensor, gradient: ArrayLike<number>) => {
      const values =
        Object.values(nn.parametersOf(part))
          .find((p) => p.trainable)
          ?.read() ?? [];
      return new Map(Array.from(values, (value, i) => [value, gradient[i]] as const));
    };
    seen[name] = {
      y: [...out.y.data],
      x: [...out.x.data],
      weight: byValue(parts.weight, out.weight.data),
      bias: byValue(parts.bias, out.bias.data),
    };
  }
  const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    expect(a.length).toBe(b.length);
    const scale = Math.max(1, ...Array.from(b, Math.abs));
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(1e-12 * scale);
  };
  for (const name of ["local", "dense", "patchwise"]) {
    close(seen[name].y, seen.conv.y);
    close(seen[name].x, seen.conv.x);
    for (const part of ["weight", "bias"] as const) {
      for (const [value, gradient] of seen.conv[part]) {
        // A tap that lies in the padding at every patch is no entry of the matrix.
        const other = seen[name][part].get(value) ?? (name === "dense" && part === "weight" ? 0 : Number.NaN);
        close([other], [gradient]);
      }
    }
  }
}

onEveryBackend((backend) => {
  const runs = backend === "native" ? 6 : 12;
  test("a convolution, tied local kernels, a tied dense matrix and one dense layer on every patch are one function", async () => {
    await fc.assert(
      fc.asyncProperty(geometry, (shared) => agree(shared, backend)),
      { numRuns: runs, seed: 5 },
    );
  });
});

test("a convolution has 1 / patches of the knobs of local kernels, exactly, and so says weigh", () => {
  fc.assert(
    fc.property(geometry, ({ image, channels, outputs, kernel, stride, padding }) => {
      const options = { stride, padding, bias: false };
      const conv = weigh(nn.conv2d(channels, outputs, kernel, options), { input: [...image, channels] });
      const local = weigh(nn.local2d(image, channels, outputs, kernel, options));
      const [rows, columns] = image.map((n, i) => Math.floor((n + 2 * padding[i] - kernel[i]) / stride[i]) + 1);
      expect(local.parameters.total).toBe(conv.parameters.total * rows * columns);
      expect(conv.parameters.total).toBe(outputs * channels * kernel[0] * kernel[1]);
    }),
    { numRuns: 20 },
  );
});

/** Layers of one geometry on random images, and what they give for an image that was moved. */
async function shifted(layer: nn.Layer, by: readonly [number, number]) {
  nn.initialize(layer, 3);
  const random = new Stream(9, "initialize", 2);
  const image = Float64Array.from({ length: 8 * 9 * 2 }, () => random.normal());
  const roll = (x: Tensor) =>
    by.reduce((y, n, i) => concat([y.slice(-n, undefined, 1 + i), y.slice(0, -n, 1 + i)], 1 + i), x);
  const program = compile(
    ({ x }) => ({ moved: layer(roll(x)), after: roll(layer(x)) }),
    { x: { shape: [1, 8, 9, 2], dtype } },
    { backend: "wasm" },
  );
  const { moved, after } = await program.run({ x: image });
  const [, rows, columns, outputs] = moved.shape;
  /** The largest difference, `rim` rows and columns at each side left out. */
  return (rim: number) => {
    let most = 0;
    for (let i = rim; i < rows - rim; i++) {
      for (let j = rim; j < columns - rim; j++) {
        for (let o = 0; o < outputs; o++) {
          const at = (i * columns + j) * outputs + o;
          most = Math.max(most, Math.abs(moved.data[at] - after.data[at]));
        }
      }
    }
    return most;
  };
}

test("a convolution with circular padding commutes with every shift, to the last bit", async () => {
  for (const by of [
    [1, 1],
    [3, 2],
    [5, 8],
  ] as const) {
    const layer = nn.conv2d(2, 3, 3, { padding: "same", paddingMode: "circular", dtype });
    expect((await shifted(layer, by))(0)).toBe(0);
  }
});

test("with zeros around it, it commutes away from the border, and not at it", async () => {
  const difference = await shifted(nn.conv2d(2, 3, 3, { padding: "same", dtype }), [1, 1]);
  expect(difference(2)).toBe(0);
  expect(difference(0)).toBeGreaterThan(0.1);
});

test("local kernels do not commute with shifts", async () => {
  const layer = nn.local2d([8, 9], 2, 3, 3, { padding: "same", paddingMode: "circular", dtype });
  expect((await shifted(layer, [1, 1]))(2)).toBeGreaterThan(0.1);
});
