import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { exposed } from "./exposed.ts";
import { pushforward } from "./forward.ts";
import { pullback } from "./reverse.ts";
import { listOf, rebuild, type Same, type Structure } from "./structure.ts";
import { orZeros } from "./zero.ts";

/**
 * The gradient of a scalar with respect to tensors that it depends on (zeros for those that it does not). A tensor of known
 * numbers, such as `tensor(1)` or `zeros([3])`, is no other than itself, however many others hold the same. Of an
 * expression, such as `x.mul(2)`, all equal ones are the same.
 *
 * @param loss  one float
 * @param wrt   a tensor, a list or a record; the result has the same form
 * @throws `grad.scalar` when `loss` is not one float
 */
export function grad<S extends Structure>(loss: Tensor, wrt: S): Same<S> {
  if (loss.size !== 1 || !isFloat(loss.dtype)) {
    throw new PondusError(
      "grad.scalar",
      `grad: the loss must be one float, but it is ${loss.dtype} ${formatShape(loss.shape)}` +
        `${describeOrigin(loss.node.origin)}; reduce it first, e.g. loss.mean().`,
    );
  }
  const one = new Tensor(make("constant", [], { value: 1, dtype: loss.dtype })).expand(loss.shape);
  return vjp(loss, one, wrt);
}

/** Reverse mode: the sum over `outputs` of cotangent times Jacobian, with respect to `wrt`. */
export function vjp<S extends Structure, O extends Structure>(outputs: O, cotangents: Same<O>, wrt: S): Same<S> {
  const [ys, cts, xs] = [listOf(outputs), listOf(cotangents as Structure), listOf(wrt)];
  floats("grad", xs);
  matching("vjp: cotangent", cts, ys);
  const seen = inSight(ys, xs);
  const back = pullback(
    seen.outputs,
    cts.map((ct) => ct.node),
    seen.wrt,
  );
  return rebuild(
    wrt,
    xs.map((x, i) => new Tensor(orZeros(back[i], x))),
  );
}

/**
 * Forward mode: the change of `outputs` when `wrt` moves along `tangents` (the Jacobian times a vector). Each of `wrt`
 * moves by its own tangent alone, also where one is computed from another.
 */
export function jvp<O extends Structure, S extends Structure>(outputs: O, wrt: S, tangents: Same<S>): Same<O> {
  const [ys, xs, dxs] = [listOf(outputs), listOf(wrt), listOf(tangents as Structure)];
  floats("jvp", xs);
  matching("jvp: tangent", dxs, xs);
  const seen = inSight(ys, xs);
  const moved = pushforward(seen.outputs, new Map(seen.wrt.map((x, i) => [x, dxs[i].node])));
  return rebuild(
    outputs,
    ys.map((y, i) => new Tensor(orZeros(moved[i], y))),
  );
}

/** The Hessian of a scalar times a vector, forward over reverse: the price of a few gradients, never the matrix. */
export function hvp<S extends Structure>(loss: Tensor, wrt: S, vector: Same<S>): Same<S> {
  return jvp(grad(loss, wrt) as Structure, wrt, vector) as Same<S>;
}

/** The graph in which branches do not hide what derivatives are asked for. */
function inSight(ys: readonly Tensor[], xs: readonly Tensor[]): { outputs: readonly Node[]; wrt: readonly Node[] } {
  const wrt = xs.map((x) => x.node);
  const all = exposed([...ys.map((y) => y.node), ...wrt], wrt);
  return { outputs: all.slice(0, ys.length), wrt: all.slice(ys.length) };
}

/** Only floats move continuously. */
function floats(what: string, wrt: readonly Tensor[]): void {
  const whole = wrt.find((x) => !isFloat(x.dtype));
  if (!whole) return;
  throw new PondusError(
    "grad.dtype",
    `${what}: derivatives are with respect to float32 or float64, but a ${whole.dtype} ${formatShape(whole.shape)}` +
      `${describeOrigin(whole.node.origin)} came; cast it first and differentiate with respect to the result.`,
  );
}

function matching(what: string, got: readonly Tensor[], wanted: readonly Tensor[]): void {
  wanted.forEach((w, i) => {
    const g = got[i];
    if (!g || !sameShape(g.shape, w.shape) || g.dtype !== w.dtype) {
      const came = g ? `${g.dtype} ${formatShape(g.shape)}` : "nothing";
      throw new PondusError(
        "grad.type",
        `${what} ${i} should be ${w.dtype} ${formatShape(w.shape)}, but ${came} came.`,
      );
    }
  });
}
