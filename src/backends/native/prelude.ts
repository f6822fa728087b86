import { any, extremes, fma, scale, select } from "./instructions.ts";
import { declareVectors } from "./types.ts";

const scalars = `
// Alone, a routine is compiled right. Seen together with its caller, gcc 12 may decide, after it rewrote the addresses
// of a loop, that the routine stores nothing, and drop the call.
#if defined(__clang__)
#define ROUTINE __attribute__((noinline, visibility("hidden")))
#else
#define ROUTINE __attribute__((noipa, visibility("hidden")))
#endif
// One that is not inlined, as in a routine that gcc finds large, gets its vectors through memory.
#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define ROTATE(x, bits, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#define SHUFFLE(x, y, bits, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define ROTATE(x, bits, ...) __builtin_shuffle(x, (bits){__VA_ARGS__})
#define SHUFFLE(x, y, bits, ...) __builtin_shuffle(x, y, (bits){__VA_ARGS__})
#endif
struct team {
  void (*together)(struct team *, void (*run)(char *, const long *, long, long, long), char *m, const long *at, long parts, long work);
};
INLINE int bits_float(float x) { int r; __builtin_memcpy(&r, &x, 4); return r; }
INLINE float bits_int(int x) { float r; __builtin_memcpy(&r, &x, 4); return r; }
INLINE long long bits_double(double x) { long long r; __builtin_memcpy(&r, &x, 8); return r; }
INLINE double bits_long_long(long long x) { double r; __builtin_memcpy(&r, &x, 8); return r; }
// Rounded once, where the processor can. Nothing else is fused, so that a value does not depend on what is computed beside it.
// clang fuses within an expression (-ffp-contract=on), which this is.
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
#define FMA_FLOAT(a, b, c) ((a) * (b) + (c))
#define FMA_DOUBLE(a, b, c) ((a) * (b) + (c))
#else
#define FMA_FLOAT __builtin_fmaf
#define FMA_DOUBLE __builtin_fma
#endif
INLINE float fma_float(float a, float b, float c) { return FMA_FLOAT(a, b, c); }
INLINE double fma_double(double a, double b, double c) { return FMA_DOUBLE(a, b, c); }
INLINE float sqrt_float(float x) { return __builtin_sqrtf(x); }
INLINE double sqrt_double(double x) { return __builtin_sqrt(x); }
INLINE float floor_float(float x) { return __builtin_floorf(x); }
INLINE double floor_double(double x) { return __builtin_floor(x); }
INLINE int truncate_double(double x) {
  return x != x ? 0 : x <= -2147483648.0 ? -2147483647 - 1 : x >= 2147483647.0 ? 2147483647 : (int)x;
}
INLINE int truncate_float(float x) { return truncate_double((double)x); }
`;

/** Operations on vectors of `lanes` lanes that C has no operator for. */
function vectors(lanes: number): string {
  const each = (type: string, result: string, name: string, scalar: string) =>
    `INLINE ${result}x${lanes} ${name}_${type}x${lanes}(${type}x${lanes} x) ` +
    `{ ${result}x${lanes} r; for (int k = 0; k < ${lanes}; k++) r[k] = ${scalar}(x[k]); return r; }\n`;
  // Halves are folded onto each other until one lane holds all.
  const rotation = (by: number) => Array.from({ length: lanes }, (_, k) => (k + by) % lanes).join(", ");
  const fold = (type: string, bits: string, element: string, name: string, join: string) => {
    const steps: string[] = [];
    for (let by = lanes / 2; by >= 1; by /= 2) {
      steps.push(`b = ROTATE(a, ${bits}x${lanes}, ${rotation(by)}); a = ${join};`);
    }
    const v = `${type}x${lanes}`;
    return `INLINE ${element} ${name}_${v}(${v} a) { ${v} b; ${steps.join(" ")} return a[0]; }\n`;
  };
  return [
    fma("f32", lanes),
    fma("f64", lanes),
    scale("f32", lanes),
    scale("f64", lanes),
    extremes("f32", lanes),
    extremes("f64", lanes),
    any("i32", lanes),
    any("i64", lanes),
    select("f32", lanes),
    select("f64", lanes),
    select("i32", lanes),
    select("i64", lanes),
    each("f32", "f32", "sqrt", "__builtin_sqrtf"),
    each("f64", "f64", "sqrt", "__builtin_sqrt"),
    each("f32", "f32", "floor", "__builtin_floorf"),
    each("f64", "f64", "floor", "__builtin_floor"),
    each("f32", "i32", "truncate", "truncate_float"),
    each("f64", "i32", "truncate", "truncate_double"),
    fold("f32", "i32", "float", "sum", "a + b"),
    fold("f64", "i64", "double", "sum", "a + b"),
    fold("i32", "i32", "int", "sum", "a + b"),
    fold("f32", "i32", "float", "max", `largest_f32x${lanes}(a, b)`),
    fold("f64", "i64", "double", "max", `largest_f64x${lanes}(a, b)`),
    fold("i32", "i32", "int", "max", "(a & (a > b)) | (b & ~(a > b))"),
  ].join("");
}

/** What every printed program begins with, for the vector lengths that it uses. */
export function prelude(lanes: Iterable<number>): string {
  const sorted = [...new Set(lanes)].filter((n) => n > 1).sort((a, b) => a - b);
  return scalars + scale("f32", 1) + scale("f64", 1) + sorted.map((n) => declareVectors(n) + vectors(n)).join("");
}
