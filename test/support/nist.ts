import { readFileSync } from "node:fs";
import { parameter, type Tensor, tensor } from "pondus";

/** A nonlinear regression problem of NIST's Statistical Reference Datasets. */
export interface Problem {
  readonly starts: readonly (readonly number[])[];
  /** The parameters at the minimum, to 11 digits, with their standard deviations. */
  readonly certified: readonly number[];
  readonly deviations: readonly number[];
  /** The residual sum of squares there. */
  readonly squares: number;
  readonly y: readonly number[];
  /** The predictors, one or two. */
  readonly x: readonly (readonly number[])[];
}

type Model = (b: readonly Tensor[], x: Tensor, x2: Tensor) => Tensor;

const polynomial = (coefficients: readonly (Tensor | number)[], x: Tensor) =>
  coefficients.reduceRight<Tensor>((sum, c) => sum.mul(x).add(c), x.mul(0));
const wave = (c: Tensor, s: Tensor, period: Tensor | number, x: Tensor) => {
  const phase = x.mul(2 * Math.PI).div(period);
  return c.mul(phase.cos()).add(s.mul(phase.sin()));
};
const decay = (a: Tensor, rate: Tensor, x: Tensor) => a.mul(rate.mul(x).neg().exp());
const bump = (a: Tensor, centre: Tensor, width: Tensor, x: Tensor) =>
  a.mul(x.sub(centre).div(width).square().neg().exp());

const chwirut: Model = ([b1, b2, b3], x) => b1.mul(x).neg().exp().div(b3.mul(x).add(b2));
const gauss: Model = ([b1, b2, b3, b4, b5, b6, b7, b8], x) =>
  decay(b1, b2, x)
    .add(bump(b3, b4, b5, x))
    .add(bump(b6, b7, b8, x));
const lanczos: Model = ([b1, b2, b3, b4, b5, b6], x) =>
  decay(b1, b2, x)
    .add(decay(b3, b4, x))
    .add(decay(b5, b6, x));
const saturation: Model = ([b1, b2], x) => b1.mul(b2.mul(x).neg().expm1().neg());
const cubics: Model = ([b1, b2, b3, b4, b5, b6, b7], x) =>
  polynomial([b1, b2, b3, b4], x).div(polynomial([1, b5, b6, b7], x));

/** What each problem says of y; Nelson's of log y. */
const models: Readonly<Record<string, Model>> = {
  Bennett5: ([b1, b2, b3], x) => b1.mul(b2.add(x).pow(b3.pow(-1).neg())),
  BoxBOD: saturation,
  Chwirut1: chwirut,
  Chwirut2: chwirut,
  DanWood: ([b1, b2], x) => b1.mul(x.pow(b2)),
  ENSO: ([b1, b2, b3, b4, b5, b6, b7, b8, b9], x) =>
    b1
      .add(wave(b2, b3, 12, x))
      .add(wave(b5, b6, b4, x))
      .add(wave(b8, b9, b7, x)),
  Eckerle4: ([b1, b2, b3], x) => b1.div(b2).mul(x.sub(b3).div(b2).square().mul(-0.5).exp()),
  Gauss1: gauss,
  Gauss2: gauss,
  Gauss3: gauss,
  Hahn1: cubics,
  Kirby2: ([b1, b2, b3, b4, b5], x) => polynomial([b1, b2, b3], x).div(polynomial([1, b4, b5], x)),
  Lanczos1: lanczos,
  Lanczos2: lanczos,
  Lanczos3: lanczos,
  MGH09: ([b1, b2, b3, b4], x) => b1.mul(x.square().add(x.mul(b2))).div(x.square().add(x.mul(b3)).add(b4)),
  MGH10: ([b1, b2, b3], x) => b1.mul(b2.div(x.add(b3)).exp()),
  MGH17: ([b1, b2, b3, b4, b5], x) => b1.add(decay(b2, b4, x)).add(decay(b3, b5, x)),
  Misra1a: saturation,
  Misra1b: ([b1, b2], x) => b1.mul(b2.mul(x).div(2).add(1).pow(-2).neg().add(1)),
  Misra1c: ([b1, b2], x) => b1.mul(b2.mul(x).mul(2).add(1).pow(-0.5).neg().add(1)),
  Misra1d: ([b1, b2], x) => b1.mul(b2).mul(x).div(b2.mul(x).add(1)),
  Nelson: ([b1, b2, b3], x, x2) => b1.sub(b2.mul(x).mul(b3.mul(x2).neg().exp())),
  Rat42: ([b1, b2, b3], x) => b1.div(b2.sub(b3.mul(x)).exp().add(1)),
  Rat43: ([b1, b2, b3, b4], x) => b1.div(b2.sub(b3.mul(x)).exp().add(1).pow(b4.pow(-1))),
  Roszman1: ([b1, b2, b3, b4], x) => b1.sub(b2.mul(x)).sub(b3.div(x.sub(b4)).atan().div(Math.PI)),
  Thurber: cubics,
};

const fixture = JSON.parse(readFileSync(new URL("../fixtures/nist_nonlinear.json", import.meta.url), "utf8"));
export const problems = fixture.problems as Readonly<Record<string, Problem>>;

/** The residuals of a problem, and its parameters as one vector, at the given start. */
export function regression(name: string, start: readonly number[]): { b: Tensor; residuals: Tensor } {
  const { x, y } = problems[name];
  const float64 = { dtype: "float64" } as const;
  const b = parameter([start.length], start, float64);
  const [first, second] = [x[0], x[1] ?? x[0]].map((column) => tensor(column, float64));
  const model = models[name](
    start.map((_, i) => b.at(i)),
    first,
    second,
  );
  const measured = tensor(y, float64);
  return { b, residuals: (name === "Nelson" ? measured.log() : measured).sub(model) };
}
