/** What follows an opcode: the operands that are part of the instruction itself. */
export type Immediates =
  | "none"
  | "block"
  | "index"
  | "lane"
  | "bytes"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  /** An offset; the alignment is the natural one. */
  | { readonly align: number }
  /** An offset and a lane. */
  | { readonly align: number; readonly lane: true };

interface Encoding {
  readonly bytes: readonly number[];
  readonly immediates: Immediates;
}

function plain(code: number, immediates: Immediates = "none"): Encoding {
  return { bytes: [code], immediates };
}

function saturating(code: number): Encoding {
  return { bytes: [0xfc, code], immediates: "none" };
}

/** Vector instructions have a prefix and then their number in LEB128. */
function simd(code: number, immediates: Immediates = "none"): Encoding {
  return { bytes: code < 0x80 ? [0xfd, code] : [0xfd, (code & 0x7f) | 0x80, code >> 7], immediates };
}

/** The instructions that the printer uses, by their names in the text format. */
export const opcodes = {
  block: plain(0x02, "block"),
  loop: plain(0x03, "block"),
  if: plain(0x04, "block"),
  else: plain(0x05),
  end: plain(0x0b),
  br: plain(0x0c, "index"),
  br_if: plain(0x0d, "index"),
  call: plain(0x10, "index"),
  select: plain(0x1b),
  "local.get": plain(0x20, "index"),
  "local.set": plain(0x21, "index"),
  "local.tee": plain(0x22, "index"),

  "i32.load": plain(0x28, { align: 2 }),
  "i64.load": plain(0x29, { align: 3 }),
  "f32.load": plain(0x2a, { align: 2 }),
  "f64.load": plain(0x2b, { align: 3 }),
  "i32.store": plain(0x36, { align: 2 }),
  "i64.store": plain(0x37, { align: 3 }),
  "f32.store": plain(0x38, { align: 2 }),
  "f64.store": plain(0x39, { align: 3 }),

  "i32.const": plain(0x41, "i32"),
  "i64.const": plain(0x42, "i64"),
  "f32.const": plain(0x43, "f32"),
  "f64.const": plain(0x44, "f64"),

  "i32.eqz": plain(0x45),
  "i32.eq": plain(0x46),
  "i32.ne": plain(0x47),
  "i32.lt_s": plain(0x48),
  "i32.gt_s": plain(0x4a),
  "i32.le_s": plain(0x4c),
  "i32.ge_s": plain(0x4e),
  "i64.eq": plain(0x51),
  "i64.ne": plain(0x52),
  "i64.lt_s": plain(0x53),
  "i64.le_s": plain(0x57),
  "f32.eq": plain(0x5b),
  "f32.ne": plain(0x5c),
  "f32.lt": plain(0x5d),
  "f32.le": plain(0x5f),
  "f64.eq": plain(0x61),
  "f64.ne": plain(0x62),
  "f64.lt": plain(0x63),
  "f64.le": plain(0x65),

  "i32.add": plain(0x6a),
  "i32.sub": plain(0x6b),
  "i32.mul": plain(0x6c),
  "i32.and": plain(0x71),
  "i32.or": plain(0x72),
  "i32.xor": plain(0x73),
  "i32.shl": plain(0x74),
  "i32.shr_u": plain(0x76),
  "i64.add": plain(0x7c),
  "i64.sub": plain(0x7d),
  "i64.mul": plain(0x7e),
  "i64.div_s": plain(0x7f),
  "i64.and": plain(0x83),
  "i64.or": plain(0x84),
  "i64.xor": plain(0x85),
  "i64.shl": plain(0x86),
  "i64.shr_u": plain(0x88),

  "f32.abs": plain(0x8b),
  "f32.neg": plain(0x8c),
  "f32.floor": plain(0x8e),
  "f32.sqrt": plain(0x91),
  "f32.add": plain(0x92),
  "f32.sub": plain(0x93),
  "f32.mul": plain(0x94),
  "f32.div": plain(0x95),
  "f32.min": plain(0x96),
  "f32.max": plain(0x97),
  "f64.abs": plain(0x99),
  "f64.neg": plain(0x9a),
  "f64.floor": plain(0x9c),
  "f64.sqrt": plain(0x9f),
  "f64.add": plain(0xa0),
  "f64.sub": plain(0xa1),
  "f64.mul": plain(0xa2),
  "f64.div": plain(0xa3),
  "f64.min": plain(0xa4),
  "f64.max": plain(0xa5),

  "i32.wrap_i64": plain(0xa7),
  "i64.extend_i32_s": plain(0xac),
  "f32.convert_i32_s": plain(0xb2),
  "f32.demote_f64": plain(0xb6),
  "f64.convert_i32_s": plain(0xb7),
  "f64.promote_f32": plain(0xbb),
  "i32.reinterpret_f32": plain(0xbc),
  "i64.reinterpret_f64": plain(0xbd),
  "f32.reinterpret_i32": plain(0xbe),
  "f64.reinterpret_i64": plain(0xbf),
  "i32.trunc_sat_f32_s": saturating(0x00),
  "i32.trunc_sat_f64_s": saturating(0x02),

  "v128.any_true": simd(0x53),
  "v128.load": simd(0x00, { align: 4 }),
  "v128.load32_splat": simd(0x09, { align: 2 }),
  "v128.load64_splat": simd(0x0a, { align: 3 }),
  "v128.store": simd(0x0b, { align: 4 }),
  "v128.const": simd(0x0c, "bytes"),
  "i8x16.shuffle": simd(0x0d, "bytes"),
  "i32x4.splat": simd(0x11),
  "i64x2.splat": simd(0x12),
  "f32x4.splat": simd(0x13),
  "f64x2.splat": simd(0x14),
  "i32x4.extract_lane": simd(0x1b, "lane"),
  "i32x4.replace_lane": simd(0x1c, "lane"),
  "i64x2.extract_lane": simd(0x1d, "lane"),
  "f32x4.extract_lane": simd(0x1f, "lane"),
  "f64x2.extract_lane": simd(0x21, "lane"),
  "i32x4.eq": simd(0x37),
  "i32x4.ne": simd(0x38),
  "i32x4.lt_s": simd(0x39),
  "i32x4.le_s": simd(0x3d),
  "f32x4.eq": simd(0x41),
  "f32x4.ne": simd(0x42),
  "f32x4.lt": simd(0x43),
  "f32x4.le": simd(0x45),
  "f64x2.eq": simd(0x47),
  "f64x2.ne": simd(0x48),
  "f64x2.lt": simd(0x49),
  "f64x2.le": simd(0x4b),
  "v128.not": simd(0x4d),
  "v128.and": simd(0x4e),
  "v128.andnot": simd(0x4f),
  "v128.or": simd(0x50),
  "v128.xor": simd(0x51),
  "v128.bitselect": simd(0x52),
  "v128.load32_lane": simd(0x56, { align: 2, lane: true }),
  "v128.load64_lane": simd(0x57, { align: 3, lane: true }),
  "v128.load32_zero": simd(0x5c, { align: 2 }),
  "v128.load64_zero": simd(0x5d, { align: 3 }),
  "f32x4.floor": simd(0x68),
  "f64x2.floor": simd(0x75),
  "i32x4.abs": simd(0xa0),
  "i32x4.neg": simd(0xa1),
  "i32x4.shl": simd(0xab),
  "i32x4.shr_u": simd(0xad),
  "i32x4.add": simd(0xae),
  "i32x4.sub": simd(0xb1),
  "i32x4.mul": simd(0xb5),
  "i32x4.min_s": simd(0xb6),
  "i32x4.max_s": simd(0xb8),
  "i64x2.abs": simd(0xc0),
  "i64x2.neg": simd(0xc1),
  "i64x2.shl": simd(0xcb),
  "i64x2.shr_u": simd(0xcd),
  "i64x2.add": simd(0xce),
  "i64x2.sub": simd(0xd1),
  "i64x2.mul": simd(0xd5),
  "i64x2.eq": simd(0xd6),
  "i64x2.ne": simd(0xd7),
  "i64x2.lt_s": simd(0xd8),
  "i64x2.le_s": simd(0xda),
  "f32x4.abs": simd(0xe0),
  "f32x4.neg": simd(0xe1),
  "f32x4.sqrt": simd(0xe3),
  "f32x4.add": simd(0xe4),
  "f32x4.sub": simd(0xe5),
  "f32x4.mul": simd(0xe6),
  "f32x4.div": simd(0xe7),
  "f32x4.min": simd(0xe8),
  "f32x4.max": simd(0xe9),
  "f32x4.pmin": simd(0xea),
  "f32x4.pmax": simd(0xeb),
  "f64x2.abs": simd(0xec),
  "f64x2.neg": simd(0xed),
  "f64x2.sqrt": simd(0xef),
  "f64x2.add": simd(0xf0),
  "f64x2.sub": simd(0xf1),
  "f64x2.mul": simd(0xf2),
  "f64x2.div": simd(0xf3),
  "f64x2.min": simd(0xf4),
  "f64x2.max": simd(0xf5),
  "f64x2.pmin": simd(0xf6),
  "f64x2.pmax": simd(0xf7),
  "i32x4.trunc_sat_f32x4_s": simd(0xf8),
  "f32x4.convert_i32x4_s": simd(0xfa),
  "f32x4.relaxed_madd": simd(0x105),
  "f64x2.relaxed_madd": simd(0x107),
  "i32x4.relaxed_laneselect": simd(0x10b),
  "i64x2.relaxed_laneselect": simd(0x10c),
} as const satisfies Record<string, Encoding>;

export type Opcode = keyof typeof opcodes;

export function encodingOf(name: Opcode): Encoding {
  return opcodes[name];
}
