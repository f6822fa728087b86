/** Operations on vectors for which a processor has an instruction that gcc does not find by itself, and the same in plain C. */

type Float = "f32" | "f64";

/** The name of gcc's function for one instruction, for vectors of some lanes: when it is there, and what it is. */
type Builtins = { readonly [T in Float]: { readonly [lanes: number]: readonly [test: string, call: string] } };

const fused: Builtins = {
  f32: {
    4: ["__FMA__", "__builtin_ia32_vfmaddps(a, b, c)"],
    8: ["__FMA__", "__builtin_ia32_vfmaddps256(a, b, c)"],
    16: ["__AVX512F__", "__builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4)"],
  },
  f64: {
    2: ["__FMA__", "__builtin_ia32_vfmaddpd(a, b, c)"],
    4: ["__FMA__", "__builtin_ia32_vfmaddpd256(a, b, c)"],
    8: ["__AVX512F__", "__builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4)"],
  },
};

/** a b + c. */
export function fma(type: Float, lanes: number): string {
  const v = `${type}x${lanes}`;
  const define = (body: string) => `INLINE ${v} fma_${v}(${v} a, ${v} b, ${v} c) { ${body} }\n`;
  const scalar = type === "f32" ? "fma_float" : "fma_double";
  const plain = define(`${v} r; for (int k = 0; k < ${lanes}; k++) r[k] = ${scalar}(a[k], b[k], c[k]); return r;`);
  const together = define("return a * b + c;");
  const [test, call] = fused[type][lanes] ?? [];
  return [
    "#if defined(__clang__) || !defined(__FP_FAST_FMAF)\n",
    together,
    ...(call ? [`#elif defined(${test})\n`, define(`return ${call};`)] : []),
    "#else\n",
    plain,
    "#endif\n",
  ].join("");
}

const scaled: Builtins = {
  f32: {
    4: ["__AVX512VL__", "__builtin_ia32_scalefps128_mask(x, k, x, -1)"],
    8: ["__AVX512VL__", "__builtin_ia32_scalefps256_mask(x, k, x, -1)"],
    16: ["__AVX512F__", "__builtin_ia32_scalefps512_mask(x, k, x, -1, 4)"],
  },
  f64: {
    2: ["__AVX512VL__", "__builtin_ia32_scalefpd128_mask(x, k, x, -1)"],
    4: ["__AVX512VL__", "__builtin_ia32_scalefpd256_mask(x, k, x, -1)"],
    8: ["__AVX512F__", "__builtin_ia32_scalefpd512_mask(x, k, x, -1, 4)"],
  },
};

/** What one step in C is, for as many lanes: how a scalar's bits are read, and a vector's. */
function names(type: Float, lanes: number) {
  const single = type === "f32";
  if (lanes > 1) {
    const [v, bits] = [`${type}x${lanes}`, `u${type.slice(1)}x${lanes}`];
    return { v, bits, toBits: `(${bits})`, toFloat: `(${v})` };
  }
  const bits = single ? "unsigned" : "unsigned long long";
  return single
    ? { v: "float", bits, toBits: "bits_float", toFloat: "bits_int" }
    : { v: "double", bits, toBits: "bits_double", toFloat: "bits_long_long" };
}

/** x 2^k: in one step, or by two powers of two, of which only the last rounds. The sum holds k in its lowest bits. */
export function scale(type: Float, lanes: number): string {
  const { v, bits, toBits, toFloat } = names(type, lanes);
  const [large, fraction] = type === "f32" ? [`${1.5 * 2 ** 23 + 254}.0f`, 23] : [`${1.5 * 2 ** 52 + 2046}.0`, 52];
  const define = (body: string) => `INLINE ${v} scale_${v}(${v} x, ${v} k) { ${body} }\n`;
  const steps = define(
    `${bits} n = ${toBits}(k + ${large}), half = n >> 1; ` +
      `return x * ${toFloat}(half << ${fraction}) * ${toFloat}((n - half) << ${fraction});`,
  );
  const [test, call] = scaled[type][lanes] ?? [];
  if (!test) return steps;
  return where(test, define(`return ${call};`), steps);
}

/** C for machines on which a macro is defined, and for all others. */
function where(macro: string, there: string, elsewhere: string): string {
  return `#if defined(${macro}) && !defined(__clang__)\n${there}#else\n${elsewhere}#endif\n`;
}

/**
 * `largest` and `smallest` are NaN where either operand is; `larger` and `smaller` are the processor's own instruction:
 * b where either is NaN, or both are zeros.
 */
export function extremes(type: Float, lanes: number): string {
  const [v, i] = [`${type}x${lanes}`, `i${type.slice(1)}x${lanes}`];
  const bits = lanes * Number(type.slice(1));
  const packed = type === "f32" ? "ps" : "pd";
  const define = (name: string, body: string) => `INLINE ${v} ${name}_${v}(${v} a, ${v} b) { ${body} }\n`;
  const pair = (op: "max" | "min", [bare, full]: readonly [string, string], sign: ">" | "<") => {
    const blend = (test: string) => `${i} t = ${test}; return (${v})(((${i})a & t) | ((${i})b & ~t));`;
    const plain = define(bare, blend(`a ${sign} b`));
    const plainFull = define(full, blend(`(a ${sign} b) | (a != a)`));
    if (bits < 128 || bits > 512) return plain + plainFull;
    const wide = bits === 512;
    const size = bits === 128 ? "" : String(bits);
    const rounding = wide ? ", 4" : "";
    const masked = (mask: string) => `__builtin_ia32_${op}${packed}${size}_mask(a, b, a, ${mask}${rounding})`;
    const simple = `__builtin_ia32_${op}${packed}${size}(a, b)`;
    // Where a is NaN it stays.
    const isNumber = `__builtin_ia32_cmp${packed}${bits}_mask(a, a, 7, -1${rounding})`;
    return [
      where(
        wide ? "__AVX512F__" : bits === 256 ? "__AVX__" : "__SSE2__",
        define(bare, `return ${wide ? masked("-1") : simple};`),
        plain,
      ),
      where(wide ? "__AVX512F__" : "__AVX512VL__", define(full, `return ${masked(isNumber)};`), plainFull),
    ].join("");
  };
  return pair("max", ["larger", "largest"], ">") + pair("min", ["smaller", "smallest"], "<");
}

/** Whether a mask holds in any lane. */
export function any(type: "i32" | "i64", lanes: number): string {
  const v = `${type}x${lanes}`;
  const bits = lanes * Number(type.slice(1));
  const define = (body: string) => `INLINE int any_${v}(${v} a) { ${body} }\n`;
  const plain = define(
    `${type === "i32" ? "int" : "long long"} s = 0; for (int k = 0; k < ${lanes}; k++) s |= a[k]; return s != 0;`,
  );
  const zero = (suffix: string) =>
    define(
      `typedef long long longs __attribute__((vector_size(${bits / 8}))); return !__builtin_ia32_ptestz${suffix}((longs)a, (longs)a);`,
    );
  if (bits === 512)
    return where(
      "__AVX512F__",
      define(`return __builtin_ia32_ptestm${type === "i32" ? "d" : "q"}512(a, a, -1) != 0;`),
      plain,
    );
  if (bits === 256) return where("__AVX__", zero("256"), plain);
  return bits === 128 ? where("__SSE4_1__", zero("128"), plain) : plain;
}

/** Lane by lane `test ? yes : no`; written as a loop, from which gcc makes the processor's own blend. */
export function select(type: Float | "i32" | "i64", lanes: number): string {
  const v = `${type}x${lanes}`;
  const i = `i${type.slice(1)}x${lanes}`;
  return (
    `INLINE ${v} select_${v}(${i} test, ${v} yes, ${v} no) ` +
    `{ ${v} r; for (int k = 0; k < ${lanes}; k++) r[k] = test[k] ? yes[k] : no[k]; return r; }\n`
  );
}
