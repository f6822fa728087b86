import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { polynomial } from "./floats/float-bits.ts";
import { log } from "./logarithm.ts";

/**
 * erfinv(y) = y P(t) with w = -log(1 - y^2) (Giles, Approximating the erfinv function, 2011): t = w - middle in two pieces up to w = 6.25 and
 * sqrt(w) - middle in two pieces from there on (test/fixtures/special_coefficients.py).
 */
export const erfinvPieces = [
  {
    middle: 0.0,
    coefficients: [
      0.886226925452758, 0.23201366653465386, 0.011549342038300827, -0.0023351016421630398, -0.00012804328896816905,
      4.661141020709788e-5, 2.02009972899453e-6, -1.0128284709650733e-6, -3.6828190043493645e-8, 2.224113651437158e-8,
      1.2031400506536725e-9, -7.659608650863562e-10, 6.30554411067318e-11,
    ],
  },
  {
    middle: 3.75,
    coefficients: [
      1.801242791533653, 0.23191923513704643, -0.007021052885932835, -0.0003326727176599672, 0.00013862156495873467,
      -1.5982234929708866e-5, 1.1569613558571908e-7, 2.476373118609035e-7, -3.658620212023187e-8, 8.59475676547297e-10,
      5.07242739173203e-10, -8.427244162434665e-11, 2.7626752249238975e-12, 1.0852098113366935e-12,
      -1.968782223719059e-13, 7.96803086912716e-15, 2.4299973144103787e-15, -4.765919346636882e-16,
      1.4912254709899646e-17, 6.548855753215662e-18, -6.563539001165553e-19, -2.315090868741515e-20,
    ],
  },
  {
    middle: 3.25,
    coefficients: [
      3.0838856104922208, 1.0052589676941655, 0.00537091455355509, -0.0037512085082238088, 0.0024914420979534374,
      -0.0016882755354779616, 0.0009532893416629142, -0.000355037813369448, 2.4031511867633228e-5, 6.828711417688825e-5,
      -4.732067384855407e-5, 1.2465042825171464e-5, 2.9325502287071717e-6, -3.985745998920445e-6, 1.4816698878974027e-6,
      -2.755188827247765e-8, -2.456091888594803e-7, 1.3152847951781364e-7, -2.082013150612578e-8, -1.528358578574346e-8,
      7.646140525331852e-9,
    ],
  },
  {
    middle: 5.05,
    coefficients: [
      4.90042105144364, 1.010285017597772, -0.0001698580914962827, -0.0002003120066786293, 7.124031549209937e-5,
      -1.8374536160062624e-5, 4.193853105447852e-6, -9.070859044898928e-7, 2.0162207854131588e-7,
      -5.4932339202653345e-8, 2.1813921593892063e-8, -1.120684050486965e-8, 5.81807368958014e-9, -2.6317198994185483e-9,
      1.0374027913726572e-9, -3.8651453367328805e-10, 8.273899414600334e-11, 2.8839929304176285e-11,
      -1.6504324492849608e-11,
    ],
  },
];

export function erfinv(b: Builder, y: Value): Value {
  const one = b.like(y, 1);
  const size = b.op("abs", y);
  const w = b.op("neg", log(b, b.op("mul", b.op("sub", one, size), b.op("add", one, size))));
  const root = b.op("sqrt", b.op("maximum", w, b.like(y, 1)));
  const [begin, near, tail, end] = erfinvPieces.map(({ middle, coefficients }, i) =>
    polynomial(b, b.op("sub", i < 2 ? w : root, b.like(y, middle)), coefficients),
  );
  const below = (x: Value, limit: number, yes: Value, no: Value) => b.select(b.op("lt", x, b.like(y, limit)), yes, no);
  const factor = below(w, 1.25, begin, below(w, 6.25, near, below(root, 4, tail, end)));
  const infinite = b.op("eq", size, one);
  return b.op("mul", y, b.select(infinite, b.like(y, Number.POSITIVE_INFINITY), factor));
}
