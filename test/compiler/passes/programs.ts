import { checkpoint, compile, grad, parameter, parameterOf, scan, type Tensor, tensor } from "pondus";

// The programs with which docs/internals/passes.md shows the passes. The page quotes them, from `return compile(` on.

const weight = (name: string, ...shape: number[]) => parameter(shape, 0, { name });

function recurrent(xs: Tensor, w: Tensor): Tensor {
  return scan({ h: tensor(0) }, ({ h }, { x }) => ({ carry: { h: h.mul(w).add(x) } }), { xs: { x: xs } }).carry.h;
}

export function damped() {
  const kept = tensor(0.5);
  return compile(
    ({ xs }) => ({
      y: scan({ h: tensor(0) }, ({ h }, { x }) => ({ carry: { h: h.mul(kept).add(x) } }), { xs: { x: xs } }).carry.h,
    }),
    { xs: [5] },
  );
}

export function loopAndGradient() {
  const w = weight("w");
  return compile(
    ({ xs }) => {
      const h = recurrent(xs, w); // h <- h w + x, for each x
      return { h, g: grad(h, w) };
    },
    { xs: [5] },
  );
}

/** Where one is after each stretch, with how far one went carried beside it. */
function journey(stretches: Tensor) {
  const start = { place: tensor(0), length: tensor(0) };
  const go = ({ place, length }: typeof start, { x }: { x: Tensor }) => {
    const next = { place: place.add(x), length: length.add(x.abs()) };
    return { carry: next, out: { place: next.place } };
  };
  return scan(start, go, { xs: { x: stretches } }).out;
}

export function unusedCarry() {
  return compile(({ xs }) => ({ places: journey(xs).place }), { xs: [5] }); // and not how far one went
}

export function gradientOfSum() {
  const w = weight("w", 4);
  return compile(({ x }) => ({ g: grad(w.mul(x).sum(), w) }), { x: [4] });
}

export function threeLayers() {
  const [a, b, c] = [weight("a", 2, 64), weight("b", 64, 64), weight("c", 64, 2)];
  return compile(({ x }) => ({ y: x.matmul(a).tanh().matmul(b).tanh().matmul(c).sum() }), { x: [16384, 2] });
}

export function fewFeatures() {
  const [w, b] = [weight("w", 6, 6), weight("b", 6)];
  return compile(({ x }) => ({ y: x.matmul(w).add(b).tanh().sum(0) }), { x: [1024, 6] });
}

export function dense() {
  const [w, b] = [weight("w", 3, 8), weight("b", 8)];
  return compile(({ x }) => ({ y: x.matmul(w).add(b).tanh() }), { x: [4, 3] });
}

export function recomputed() {
  const [a, b] = [weight("a", 4, 4), weight("b", 4, 4)];
  const layers = checkpoint((x: Tensor) => x.matmul(a).tanh().matmul(b).tanh());
  return compile(({ x }) => ({ g: grad(layers(x).square().sum(), x) }), { x: [8, 4] });
}

export function movement() {
  return compile(({ x }) => ({ y: x.T.flip(0).padAxis(1, 1, 1).mul(2) }), { x: [4, 3] });
}

export function stepAndMemory() {
  const [w, before] = [weight("w", 8), weight("before", 8)];
  const [now, last] = [parameterOf(w)!, parameterOf(before)!];
  return compile(
    ({ g }) => ({
      updates: [
        { parameter: now, value: w.sub(g) },
        { parameter: last, value: w },
      ],
    }),
    { g: [8] },
  );
}

export function largeProduct() {
  const w = weight("w", 1024, 1024);
  return compile(({ x }) => ({ y: x.matmul(w.T) }), { x: [1024, 1024] });
}

export function product() {
  const w = weight("w", 3, 8);
  return compile(({ x }) => ({ y: x.matmul(w) }), { x: [2, 3] });
}

export function transposition() {
  return compile(({ x }) => ({ y: x.T.neg() }), { x: [4, 4] });
}

export function twoProducts() {
  const [a, b] = [weight("a", 8, 8), weight("b", 8, 8)];
  return compile(({ x }) => ({ y: x.matmul(a).matmul(b) }), { x: [4, 8] });
}

export function double() {
  return compile(({ x }) => ({ y: x.mul(2) }), { x: [300, 400] });
}
