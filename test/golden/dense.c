
// Alone, a routine is compiled right. Seen together with its caller, gcc 12 may decide, after it rewrote the addresses
// of a loop, that the routine stores nothing, and drop the call.
#if defined(__clang__)
#define ROUTINE __attribute__((noinline, visibility("hidden")))
#else
#define ROUTINE __attribute__((noipa, visibility("hidden")))
#endif
#if defined(__clang__)
#define TURN(x, bits, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#define SHUFFLE(x, y, bits, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define TURN(x, bits, ...) __builtin_shuffle(x, (bits){__VA_ARGS__})
#define SHUFFLE(x, y, bits, ...) __builtin_shuffle(x, y, (bits){__VA_ARGS__})
#endif
struct team {
  void (*together)(struct team *, void (*run)(char *, const long *, long, long, long), char *m, const long *at, long parts, long work);
};
static inline int bits_float(float x) { int r; __builtin_memcpy(&r, &x, 4); return r; }
static inline float bits_int(int x) { float r; __builtin_memcpy(&r, &x, 4); return r; }
static inline long long bits_double(double x) { long long r; __builtin_memcpy(&r, &x, 8); return r; }
static inline double bits_long_long(long long x) { double r; __builtin_memcpy(&r, &x, 8); return r; }
// Rounded once, where the processor can. Nothing else is fused, so that a value does not depend on what is computed beside it.
// clang fuses within an expression (-ffp-contract=on), which this is.
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
#define FMA_FLOAT(a, b, c) ((a) * (b) + (c))
#define FMA_DOUBLE(a, b, c) ((a) * (b) + (c))
#else
#define FMA_FLOAT __builtin_fmaf
#define FMA_DOUBLE __builtin_fma
#endif
static inline float fma_float(float a, float b, float c) { return FMA_FLOAT(a, b, c); }
static inline double fma_double(double a, double b, double c) { return FMA_DOUBLE(a, b, c); }
static inline float sqrt_float(float x) { return __builtin_sqrtf(x); }
static inline double sqrt_double(double x) { return __builtin_sqrt(x); }
static inline float floor_float(float x) { return __builtin_floorf(x); }
static inline double floor_double(double x) { return __builtin_floor(x); }
static inline int truncate_double(double x) {
  return x != x ? 0 : x <= -2147483648.0 ? -2147483647 - 1 : x >= 2147483647.0 ? 2147483647 : (int)x;
}
static inline int truncate_float(float x) { return truncate_double((double)x); }
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef double f64x8 __attribute__((vector_size(64)));
typedef double f64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
typedef int i32x8 __attribute__((vector_size(32)));
typedef int i32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef long long i64x8 __attribute__((vector_size(64)));
typedef long long i64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
typedef unsigned u32x8 __attribute__((vector_size(32)));
typedef unsigned u32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef unsigned long long u64x8 __attribute__((vector_size(64)));
typedef unsigned long long u64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
static inline f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return a * b + c; }
#elif defined(__FMA__)
static inline f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return __builtin_ia32_vfmaddps256(a, b, c); }
#else
static inline f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = fma_float(a[k], b[k], c[k]); return r; }
#endif
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
static inline f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { return a * b + c; }
#elif defined(__AVX512F__)
static inline f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }
#else
static inline f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = fma_double(a[k], b[k], c[k]); return r; }
#endif
static inline f32x8 sqrt_f32x8(f32x8 x) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_sqrtf(x[k]); return r; }
static inline f64x8 sqrt_f64x8(f64x8 x) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_sqrt(x[k]); return r; }
static inline f32x8 floor_f32x8(f32x8 x) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_floorf(x[k]); return r; }
static inline f64x8 floor_f64x8(f64x8 x) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_floor(x[k]); return r; }
static inline i32x8 truncate_f32x8(f32x8 x) { i32x8 r; for (int k = 0; k < 8; k++) r[k] = truncate_float(x[k]); return r; }
static inline i32x8 truncate_f64x8(f64x8 x) { i32x8 r; for (int k = 0; k < 8; k++) r[k] = truncate_double(x[k]); return r; }
static inline float sum_f32x8(f32x8 a) { f32x8 b; b = TURN(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = TURN(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = TURN(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
static inline double sum_f64x8(f64x8 a) { f64x8 b; b = TURN(a, i64x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = TURN(a, i64x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = TURN(a, i64x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
static inline int sum_i32x8(i32x8 a) { i32x8 b; b = TURN(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = TURN(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = TURN(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
static inline float max_f32x8(f32x8 a) { f32x8 b; b = TURN(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = (f32x8)(((i32x8)a & ((a > b) | (a != a))) | ((i32x8)b & ~((a > b) | (a != a)))); b = TURN(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = (f32x8)(((i32x8)a & ((a > b) | (a != a))) | ((i32x8)b & ~((a > b) | (a != a)))); b = TURN(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = (f32x8)(((i32x8)a & ((a > b) | (a != a))) | ((i32x8)b & ~((a > b) | (a != a)))); return a[0]; }
static inline double max_f64x8(f64x8 a) { f64x8 b; b = TURN(a, i64x8, 4, 5, 6, 7, 0, 1, 2, 3); a = (f64x8)(((i64x8)a & ((a > b) | (a != a))) | ((i64x8)b & ~((a > b) | (a != a)))); b = TURN(a, i64x8, 2, 3, 4, 5, 6, 7, 0, 1); a = (f64x8)(((i64x8)a & ((a > b) | (a != a))) | ((i64x8)b & ~((a > b) | (a != a)))); b = TURN(a, i64x8, 1, 2, 3, 4, 5, 6, 7, 0); a = (f64x8)(((i64x8)a & ((a > b) | (a != a))) | ((i64x8)b & ~((a > b) | (a != a)))); return a[0]; }
static inline int max_i32x8(i32x8 a) { i32x8 b; b = TURN(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = (i32x8)(((i32x8)a & (a > b)) | ((i32x8)b & ~(a > b))); b = TURN(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = (i32x8)(((i32x8)a & (a > b)) | ((i32x8)b & ~(a > b))); b = TURN(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = (i32x8)(((i32x8)a & (a > b)) | ((i32x8)b & ~(a > b))); return a[0]; }

ROUTINE void contract_0(char *m) {
  const f32x8 v0 = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  const f32x8 v17 = {-2.0f, -2.0f, -2.0f, -2.0f, -2.0f, -2.0f, -2.0f, -2.0f};
  const f32x8 v19 = {-18.0f, -18.0f, -18.0f, -18.0f, -18.0f, -18.0f, -18.0f, -18.0f};
  const f32x8 v21 = {1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f, 1.4426950408889634f};
  const f32x8 v23 = {12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f};
  const f32x8 v26 = {0.00021219444f, 0.00021219444f, 0.00021219444f, 0.00021219444f, 0.00021219444f, 0.00021219444f, 0.00021219444f, 0.00021219444f};
  const f32x8 v27 = {-0.693359375f, -0.693359375f, -0.693359375f, -0.693359375f, -0.693359375f, -0.693359375f, -0.693359375f, -0.693359375f};
  const f32x8 v30 = {0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f, 0.0001984126984126984f};
  const f32x8 v31 = {0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f, 0.001388888888888889f};
  const f32x8 v33 = {0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f, 0.008333333333333333f};
  const f32x8 v35 = {0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f, 0.041666666666666664f};
  const f32x8 v37 = {0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f, 0.16666666666666666f};
  const f32x8 v39 = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
  const f32x8 v43 = {12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f};
  const i32x8 v46 = {23, 23, 23, 23, 23, 23, 23, 23};
  const f32x8 v49 = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
  const f32x8 v53 = {2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f};
  const f32x8 v58 = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f};
  for (long i0 = 0; i0 < 4; i0 += 4) {
    for (long i1 = 0; i1 < 8; i1 += 8) {
      f32x8 v1 = v0;
      f32x8 v2 = v0;
      f32x8 v3 = v0;
      f32x8 v4 = v0;
      for (long i2 = 0; i2 < 3; i2 += 1) {
        const f32x8 v5 = *(float *)(m + 256 + 4 * (i0 * 3L + i2)) - (f32x8){0};
        const f32x8 v6 = *(f32x8_at *)(m + 0 + 4 * (i2 * 8L + i1));
        const f32x8 v7 = fma_f32x8(v5, v6, v1);
        v1 = v7;
        const f32x8 v8 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 3L)) - (f32x8){0};
        const f32x8 v9 = fma_f32x8(v8, v6, v2);
        v2 = v9;
        const f32x8 v10 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 6L)) - (f32x8){0};
        const f32x8 v11 = fma_f32x8(v10, v6, v3);
        v3 = v11;
        const f32x8 v12 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 9L)) - (f32x8){0};
        const f32x8 v13 = fma_f32x8(v12, v6, v4);
        v4 = v13;
      }
      const f32x8 v14 = *(f32x8_at *)(m + 320 + 4 * (i1));
      const f32x8 v15 = v1 + v14;
      const f32x8 v16 = (f32x8)((i32x8)v15 & 0x7fffffff);
      const f32x8 v18 = v16 * v17;
      const f32x8 v20 = (f32x8)(((i32x8)((v18 > v19) | (v18 != v18)) & (i32x8)v18) | (~(i32x8)((v18 > v19) | (v18 != v18)) & (i32x8)v19));
      const f32x8 v22 = v20 * v21;
      const f32x8 v24 = v22 + v23;
      const f32x8 v25 = v24 - v23;
      const f32x8 v28 = fma_f32x8(v25, v27, v20);
      const f32x8 v29 = fma_f32x8(v25, v26, v28);
      const f32x8 v32 = fma_f32x8(v30, v29, v31);
      const f32x8 v34 = fma_f32x8(v32, v29, v33);
      const f32x8 v36 = fma_f32x8(v34, v29, v35);
      const f32x8 v38 = fma_f32x8(v36, v29, v37);
      const f32x8 v40 = fma_f32x8(v38, v29, v39);
      const f32x8 v41 = v29 * v29;
      const f32x8 v42 = fma_f32x8(v41, v40, v29);
      const f32x8 v44 = v25 + v43;
      const i32x8 v45 = (i32x8)v44;
      const i32x8 v47 = v45 << (v46 & 31);
      const f32x8 v48 = (f32x8)v47;
      const f32x8 v50 = v48 - v49;
      const f32x8 v51 = fma_f32x8(v42, v48, v50);
      const f32x8 v52 = v0 - v51;
      const f32x8 v54 = v51 + v53;
      const f32x8 v55 = v52 / v54;
      const i32x8 v56 = (i32x8)v55;
      const i32x8 v57 = (i32x8)v15;
      const i32x8 v59 = (i32x8)v58;
      const i32x8 v60 = v57 & v59;
      const i32x8 v61 = v56 | v60;
      const f32x8 v62 = (f32x8)v61;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1)) = v62;
      const f32x8 v63 = v2 + v14;
      const f32x8 v64 = (f32x8)((i32x8)v63 & 0x7fffffff);
      const f32x8 v65 = v64 * v17;
      const f32x8 v66 = (f32x8)(((i32x8)((v65 > v19) | (v65 != v65)) & (i32x8)v65) | (~(i32x8)((v65 > v19) | (v65 != v65)) & (i32x8)v19));
      const f32x8 v67 = v66 * v21;
      const f32x8 v68 = v67 + v23;
      const f32x8 v69 = v68 - v23;
      const f32x8 v70 = fma_f32x8(v69, v27, v66);
      const f32x8 v71 = fma_f32x8(v69, v26, v70);
      const f32x8 v72 = fma_f32x8(v30, v71, v31);
      const f32x8 v73 = fma_f32x8(v72, v71, v33);
      const f32x8 v74 = fma_f32x8(v73, v71, v35);
      const f32x8 v75 = fma_f32x8(v74, v71, v37);
      const f32x8 v76 = fma_f32x8(v75, v71, v39);
      const f32x8 v77 = v71 * v71;
      const f32x8 v78 = fma_f32x8(v77, v76, v71);
      const f32x8 v79 = v69 + v43;
      const i32x8 v80 = (i32x8)v79;
      const i32x8 v81 = v80 << (v46 & 31);
      const f32x8 v82 = (f32x8)v81;
      const f32x8 v83 = v82 - v49;
      const f32x8 v84 = fma_f32x8(v78, v82, v83);
      const f32x8 v85 = v0 - v84;
      const f32x8 v86 = v84 + v53;
      const f32x8 v87 = v85 / v86;
      const i32x8 v88 = (i32x8)v87;
      const i32x8 v89 = (i32x8)v63;
      const i32x8 v90 = (i32x8)v58;
      const i32x8 v91 = v89 & v90;
      const i32x8 v92 = v88 | v91;
      const f32x8 v93 = (f32x8)v92;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 8L)) = v93;
      const f32x8 v94 = v3 + v14;
      const f32x8 v95 = (f32x8)((i32x8)v94 & 0x7fffffff);
      const f32x8 v96 = v95 * v17;
      const f32x8 v97 = (f32x8)(((i32x8)((v96 > v19) | (v96 != v96)) & (i32x8)v96) | (~(i32x8)((v96 > v19) | (v96 != v96)) & (i32x8)v19));
      const f32x8 v98 = v97 * v21;
      const f32x8 v99 = v98 + v23;
      const f32x8 v100 = v99 - v23;
      const f32x8 v101 = fma_f32x8(v100, v27, v97);
      const f32x8 v102 = fma_f32x8(v100, v26, v101);
      const f32x8 v103 = fma_f32x8(v30, v102, v31);
      const f32x8 v104 = fma_f32x8(v103, v102, v33);
      const f32x8 v105 = fma_f32x8(v104, v102, v35);
      const f32x8 v106 = fma_f32x8(v105, v102, v37);
      const f32x8 v107 = fma_f32x8(v106, v102, v39);
      const f32x8 v108 = v102 * v102;
      const f32x8 v109 = fma_f32x8(v108, v107, v102);
      const f32x8 v110 = v100 + v43;
      const i32x8 v111 = (i32x8)v110;
      const i32x8 v112 = v111 << (v46 & 31);
      const f32x8 v113 = (f32x8)v112;
      const f32x8 v114 = v113 - v49;
      const f32x8 v115 = fma_f32x8(v109, v113, v114);
      const f32x8 v116 = v0 - v115;
      const f32x8 v117 = v115 + v53;
      const f32x8 v118 = v116 / v117;
      const i32x8 v119 = (i32x8)v118;
      const i32x8 v120 = (i32x8)v94;
      const i32x8 v121 = (i32x8)v58;
      const i32x8 v122 = v120 & v121;
      const i32x8 v123 = v119 | v122;
      const f32x8 v124 = (f32x8)v123;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 16L)) = v124;
      const f32x8 v125 = v4 + v14;
      const f32x8 v126 = (f32x8)((i32x8)v125 & 0x7fffffff);
      const f32x8 v127 = v126 * v17;
      const f32x8 v128 = (f32x8)(((i32x8)((v127 > v19) | (v127 != v127)) & (i32x8)v127) | (~(i32x8)((v127 > v19) | (v127 != v127)) & (i32x8)v19));
      const f32x8 v129 = v128 * v21;
      const f32x8 v130 = v129 + v23;
      const f32x8 v131 = v130 - v23;
      const f32x8 v132 = fma_f32x8(v131, v27, v128);
      const f32x8 v133 = fma_f32x8(v131, v26, v132);
      const f32x8 v134 = fma_f32x8(v30, v133, v31);
      const f32x8 v135 = fma_f32x8(v134, v133, v33);
      const f32x8 v136 = fma_f32x8(v135, v133, v35);
      const f32x8 v137 = fma_f32x8(v136, v133, v37);
      const f32x8 v138 = fma_f32x8(v137, v133, v39);
      const f32x8 v139 = v133 * v133;
      const f32x8 v140 = fma_f32x8(v139, v138, v133);
      const f32x8 v141 = v131 + v43;
      const i32x8 v142 = (i32x8)v141;
      const i32x8 v143 = v142 << (v46 & 31);
      const f32x8 v144 = (f32x8)v143;
      const f32x8 v145 = v144 - v49;
      const f32x8 v146 = fma_f32x8(v140, v144, v145);
      const f32x8 v147 = v0 - v146;
      const f32x8 v148 = v146 + v53;
      const f32x8 v149 = v147 / v148;
      const i32x8 v150 = (i32x8)v149;
      const i32x8 v151 = (i32x8)v125;
      const i32x8 v152 = (i32x8)v58;
      const i32x8 v153 = v151 & v152;
      const i32x8 v154 = v150 | v153;
      const f32x8 v155 = (f32x8)v154;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 24L)) = v155;
    }
  }
}
void pondus_run(char *m, struct team *team) {
  contract_0(m);
}
long pondus_align(char *m) { return -(long)m & 63; }

