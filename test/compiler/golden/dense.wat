(module
  (memory (export "memory") 1 1)
  (func $contract_0 (local i32 i32 v128 v128 v128 v128 v128 v128 v128 v128 i32 i32 i32 v128 i32 i32 v128 v128 i32 i32 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    v128.const i32x4 0x41200000 0x41200000 0x41200000 0x41200000
    local.set 20
    v128.const i32x4 0xc038aa3b 0xc038aa3b 0xc038aa3b 0xc038aa3b
    local.set 21
    v128.const i32x4 0x4b40007f 0x4b40007f 0x4b40007f 0x4b40007f
    local.set 22
    v128.const i32x4 0xbf000000 0xbf000000 0xbf000000 0xbf000000
    local.set 25
    v128.const i32x4 0x3f000000 0x3f000000 0x3f000000 0x3f000000
    local.set 26
    v128.const i32x4 0x3eb17218 0x3eb17218 0x3eb17218 0x3eb17218
    local.set 28
    v128.const i32x4 0xbd36ccfa 0xbd36ccfa 0xbd36ccfa 0xbd36ccfa
    local.set 29
    v128.const i32x4 0x3e091431 0x3e091431 0x3e091431 0x3e091431
    local.set 30
    v128.const i32x4 0xbeaaaa43 0xbeaaaa43 0xbeaaaa43 0xbeaaaa43
    local.set 31
    v128.const i32x4 0x3f2aaa57 0x3f2aaa57 0x3f2aaa57 0x3f2aaa57
    local.set 32
    v128.const i32x4 0xbf800000 0xbf800000 0xbf800000 0xbf800000
    local.set 33
    v128.const i32x4 0x3f800000 0x3f800000 0x3f800000 0x3f800000
    local.set 34
    v128.const i32x4 0x80000000 0x80000000 0x80000000 0x80000000
    local.set 35
    i32.const 0
    local.set 12
    i32.const 0
    local.set 19
    i32.const 0
    local.set 15
    local.get 19
    local.set 18
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 2
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 3
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 4
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 5
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 6
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 7
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 8
    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
    local.set 9
    local.get 12
    local.set 11
    local.get 15
    local.set 14
    local.get 14
    i32.const 96
    i32.add
    local.set 10
    loop
      local.get 11
      v128.load32_splat offset=256
      local.tee 13
      local.get 14
      v128.load
      local.tee 16
      f32x4.mul
      local.get 2
      f32x4.add
      local.set 2
      local.get 13
      local.get 14
      v128.load offset=16
      local.tee 13
      f32x4.mul
      local.get 3
      f32x4.add
      local.set 3
      local.get 11
      v128.load32_splat offset=268
      local.tee 17
      local.get 16
      f32x4.mul
      local.get 4
      f32x4.add
      local.set 4
      local.get 17
      local.get 13
      f32x4.mul
      local.get 5
      f32x4.add
      local.set 5
      local.get 11
      v128.load32_splat offset=280
      local.tee 17
      local.get 16
      f32x4.mul
      local.get 6
      f32x4.add
      local.set 6
      local.get 17
      local.get 13
      f32x4.mul
      local.get 7
      f32x4.add
      local.set 7
      local.get 11
      v128.load32_splat offset=292
      local.tee 17
      local.get 16
      f32x4.mul
      local.get 8
      f32x4.add
      local.set 8
      local.get 17
      local.get 13
      f32x4.mul
      local.get 9
      f32x4.add
      local.set 9
      local.get 11
      i32.const 4
      i32.add
      local.set 11
      local.get 14
      i32.const 32
      i32.add
      local.tee 14
      local.get 10
      i32.ne
      br_if 0
    end
    local.get 18
    local.get 2
    local.get 15
    v128.load offset=320
    local.tee 13
    f32x4.add
    local.tee 17
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 16
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 23
    i32.const 23
    i32x4.shl
    local.tee 24
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 27
    local.get 24
    local.get 23
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 16
    f32x4.add
    local.tee 16
    local.get 16
    f32x4.mul
    local.get 29
    local.get 16
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 16
    f32x4.add
    f32x4.mul
    local.tee 16
    f32x4.add
    local.get 34
    local.get 27
    f32x4.sub
    local.get 16
    f32x4.sub
    f32x4.div
    local.get 17
    local.get 35
    v128.and
    v128.or
    v128.store offset=128
    local.get 18
    local.get 3
    local.get 15
    v128.load offset=336
    local.tee 17
    f32x4.add
    local.tee 16
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 27
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 23
    i32.const 23
    i32x4.shl
    local.tee 24
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 36
    local.get 24
    local.get 23
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 27
    f32x4.add
    local.tee 27
    local.get 27
    f32x4.mul
    local.get 29
    local.get 27
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 27
    f32x4.add
    f32x4.mul
    local.tee 27
    f32x4.add
    local.get 34
    local.get 36
    f32x4.sub
    local.get 27
    f32x4.sub
    f32x4.div
    local.get 16
    local.get 35
    v128.and
    v128.or
    v128.store offset=144
    local.get 18
    local.get 4
    local.get 13
    f32x4.add
    local.tee 16
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 27
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 36
    i32.const 23
    i32x4.shl
    local.tee 23
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 24
    local.get 23
    local.get 36
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 27
    f32x4.add
    local.tee 27
    local.get 27
    f32x4.mul
    local.get 29
    local.get 27
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 27
    f32x4.add
    f32x4.mul
    local.tee 27
    f32x4.add
    local.get 34
    local.get 24
    f32x4.sub
    local.get 27
    f32x4.sub
    f32x4.div
    local.get 16
    local.get 35
    v128.and
    v128.or
    v128.store offset=160
    local.get 18
    local.get 5
    local.get 17
    f32x4.add
    local.tee 16
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 27
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 24
    i32.const 23
    i32x4.shl
    local.tee 36
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 23
    local.get 36
    local.get 24
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 27
    f32x4.add
    local.tee 27
    local.get 27
    f32x4.mul
    local.get 29
    local.get 27
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 27
    f32x4.add
    f32x4.mul
    local.tee 27
    f32x4.add
    local.get 34
    local.get 23
    f32x4.sub
    local.get 27
    f32x4.sub
    f32x4.div
    local.get 16
    local.get 35
    v128.and
    v128.or
    v128.store offset=176
    local.get 18
    local.get 6
    local.get 13
    f32x4.add
    local.tee 16
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 27
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 23
    i32.const 23
    i32x4.shl
    local.tee 24
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 36
    local.get 24
    local.get 23
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 27
    f32x4.add
    local.tee 27
    local.get 27
    f32x4.mul
    local.get 29
    local.get 27
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 27
    f32x4.add
    f32x4.mul
    local.tee 27
    f32x4.add
    local.get 34
    local.get 36
    f32x4.sub
    local.get 27
    f32x4.sub
    f32x4.div
    local.get 16
    local.get 35
    v128.and
    v128.or
    v128.store offset=192
    local.get 18
    local.get 7
    local.get 17
    f32x4.add
    local.tee 16
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 27
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 36
    i32.const 23
    i32x4.shl
    local.tee 23
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 24
    local.get 23
    local.get 36
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 27
    f32x4.add
    local.tee 27
    local.get 27
    f32x4.mul
    local.get 29
    local.get 27
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 27
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 27
    f32x4.add
    f32x4.mul
    local.tee 27
    f32x4.add
    local.get 34
    local.get 24
    f32x4.sub
    local.get 27
    f32x4.sub
    f32x4.div
    local.get 16
    local.get 35
    v128.and
    v128.or
    v128.store offset=208
    local.get 18
    local.get 8
    local.get 13
    f32x4.add
    local.tee 13
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 16
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 27
    i32.const 23
    i32x4.shl
    local.tee 24
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 36
    local.get 24
    local.get 27
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 16
    f32x4.add
    local.tee 16
    local.get 16
    f32x4.mul
    local.get 29
    local.get 16
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 16
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 16
    f32x4.add
    f32x4.mul
    local.tee 16
    f32x4.add
    local.get 34
    local.get 36
    f32x4.sub
    local.get 16
    f32x4.sub
    f32x4.div
    local.get 13
    local.get 35
    v128.and
    v128.or
    v128.store offset=224
    local.get 18
    local.get 9
    local.get 17
    f32x4.add
    local.tee 17
    f32x4.abs
    local.get 20
    f32x4.pmin
    local.tee 13
    local.get 21
    f32x4.mul
    local.get 22
    f32x4.add
    local.tee 16
    i32.const 23
    i32x4.shl
    local.tee 36
    local.get 25
    f32x4.mul
    local.get 26
    f32x4.add
    local.tee 27
    local.get 36
    local.get 16
    local.get 22
    f32x4.sub
    local.get 28
    f32x4.mul
    local.get 13
    f32x4.add
    local.tee 13
    local.get 13
    f32x4.mul
    local.get 29
    local.get 13
    f32x4.mul
    local.get 30
    f32x4.add
    local.get 13
    f32x4.mul
    local.get 31
    f32x4.add
    local.get 13
    f32x4.mul
    local.get 32
    f32x4.add
    local.get 13
    f32x4.mul
    local.get 33
    f32x4.add
    f32x4.mul
    local.get 13
    f32x4.add
    f32x4.mul
    local.tee 13
    f32x4.add
    local.get 34
    local.get 27
    f32x4.sub
    local.get 13
    f32x4.sub
    f32x4.div
    local.get 17
    local.get 35
    v128.and
    v128.or
    v128.store offset=240
  )
  (func $run (export "run")
    call 0
  )
)

