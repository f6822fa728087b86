(module
  (memory (export "memory") 1 1)
  (func $copy_0 (local i32 i32)
    i32.const 0
    local.set 1
    loop
      local.get 1
      local.get 1
      f32.load offset=128
      f32.store offset=192
      local.get 1
      i32.const 4
      i32.add
      local.tee 1
      i32.const 8
      i32.ne
      br_if 0
    end
  )
  (func $contract_1 (param i32) (local i32 f32 i32 i32 i32 i32 i32 i32 f32 f32 f32 f32 f32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 8
    i32.const 0
    local.set 6
    local.get 8
    local.set 7
    local.get 7
    i32.const 8
    i32.add
    local.set 1
    loop
      f32.const 0
      local.set 2
      i32.const 0
      local.set 4
      local.get 6
      local.set 5
      local.get 5
      i32.const 16
      i32.add
      local.set 3
      loop
        local.get 4
        f32.load offset=192
        local.get 5
        f32.load offset=64
        f32.mul
        local.get 2
        f32.add
        local.set 2
        local.get 4
        i32.const 4
        i32.add
        local.set 4
        local.get 5
        i32.const 8
        i32.add
        local.tee 5
        local.get 3
        i32.ne
        br_if 0
      end
      local.get 7
      local.get 2
      local.get 7
      f32.load
      f32.add
      local.tee 9
      f32.abs
      f32.const 10
      f32.min
      local.tee 10
      f32.const -2.8853900817779268
      f32.mul
      f32.const 12583039
      f32.add
      local.tee 11
      i32.reinterpret_f32
      i32.const 23
      i32.shl
      f32.reinterpret_i32
      local.tee 12
      f32.const -0.5
      f32.mul
      f32.const 0.5
      f32.add
      local.tee 13
      local.get 12
      local.get 11
      f32.const 12583039
      f32.sub
      f32.const 0.34657359027997264
      f32.mul
      local.get 10
      f32.add
      local.tee 10
      local.get 10
      f32.mul
      f32.const -0.04462907463312149
      local.get 10
      f32.mul
      f32.const 0.133866086602211
      f32.add
      local.get 10
      f32.mul
      f32.const -0.3333302438259125
      f32.add
      local.get 10
      f32.mul
      f32.const 0.6666616797447205
      f32.add
      local.get 10
      f32.mul
      f32.const -1
      f32.add
      f32.mul
      local.get 10
      f32.add
      f32.mul
      local.tee 10
      f32.add
      f32.const 1
      local.get 13
      f32.sub
      local.get 10
      f32.sub
      f32.div
      i32.reinterpret_f32
      local.get 9
      i32.reinterpret_f32
      f32.const -0
      i32.reinterpret_f32
      i32.and
      i32.or
      f32.reinterpret_i32
      f32.store offset=256
      local.get 6
      i32.const 4
      i32.add
      local.set 6
      local.get 7
      i32.const 4
      i32.add
      local.tee 7
      local.get 1
      i32.ne
      br_if 0
    end
  )
  (func $copy_2 (param i32) (local i32 i32 i32 i32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 3
    local.get 3
    local.set 2
    i32.const 0
    local.set 4
    loop
      local.get 2
      local.get 4
      f32.load offset=192
      f32.store offset=320
      local.get 2
      i32.const 4
      i32.add
      local.set 2
      local.get 4
      i32.const 4
      i32.add
      local.tee 4
      i32.const 8
      i32.ne
      br_if 0
    end
  )
  (func $copy_3 (param i32) (local i32 i32 i32 i32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 4
    i32.const 0
    local.set 2
    local.get 4
    local.set 3
    local.get 3
    i32.const 8
    i32.add
    local.set 1
    loop
      local.get 2
      local.get 3
      f32.load offset=256
      f32.store offset=192
      local.get 2
      i32.const 4
      i32.add
      local.set 2
      local.get 3
      i32.const 4
      i32.add
      local.tee 3
      local.get 1
      i32.ne
      br_if 0
    end
  )
  (func $add_4 (local i32 i32 v128 i32 f32)
    i32.const 0
    local.set 1
    loop
      local.get 1
      local.get 1
      v128.load offset=256
      local.tee 2
      local.get 2
      f32x4.add
      v128.store
      local.get 1
      i32.const 16
      i32.add
      local.tee 1
      i32.const 32
      i32.ne
      br_if 0
    end
    i32.const 32
    local.set 3
    loop
      local.get 3
      local.get 3
      f32.load offset=256
      local.tee 4
      local.get 4
      f32.add
      f32.store
      local.get 3
      i32.const 4
      i32.add
      local.tee 3
      i32.const 40
      i32.ne
      br_if 0
    end
  )
  (func $copy_5 (local i32 i32)
    i32.const 0
    local.set 1
    loop
      local.get 1
      f32.const 0
      f32.store offset=192
      local.get 1
      i32.const 4
      i32.add
      local.tee 1
      i32.const 8
      i32.ne
      br_if 0
    end
  )
  (func $reshape_6 (param i32) (local i32 i32 i32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 3
    local.get 3
    local.set 2
    local.get 2
    i32.const 8
    i32.add
    local.set 1
    loop
      local.get 2
      local.get 2
      f32.load offset=320
      f32.store offset=384
      local.get 2
      i32.const 4
      i32.add
      local.tee 2
      local.get 1
      i32.ne
      br_if 0
    end
  )
  (func $reshape_7 (param i32) (local i32 i32 i32 i32 f32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 3
    local.get 3
    local.set 2
    i32.const 0
    local.set 4
    loop
      local.get 2
      local.get 4
      f32.load offset=192
      local.get 2
      f32.load
      f32.add
      local.get 2
      f32.load offset=256
      local.tee 5
      local.get 5
      f32.mul
      f32.neg
      f32.const 1
      f32.add
      f32.mul
      f32.store offset=448
      local.get 2
      i32.const 4
      i32.add
      local.set 2
      local.get 4
      i32.const 4
      i32.add
      local.tee 4
      i32.const 8
      i32.ne
      br_if 0
    end
  )
  (func $contract_8 (param i32) (local i32 f32 i32 i32 i32 i32 i32 i32)
    local.get 0
    i32.const 8
    i32.mul
    local.set 5
    i32.const 0
    local.set 7
    i32.const 0
    local.set 8
    loop
      f32.const 0
      local.set 2
      local.get 5
      local.set 4
      local.get 7
      local.set 6
      local.get 6
      i32.const 8
      i32.add
      local.set 3
      loop
        local.get 4
        f32.load offset=448
        local.get 6
        f32.load offset=64
        f32.mul
        local.get 2
        f32.add
        local.set 2
        local.get 4
        i32.const 4
        i32.add
        local.set 4
        local.get 6
        i32.const 4
        i32.add
        local.tee 6
        local.get 3
        i32.ne
        br_if 0
      end
      local.get 8
      local.get 2
      f32.store offset=192
      local.get 7
      i32.const 8
      i32.add
      local.set 7
      local.get 8
      i32.const 4
      i32.add
      local.tee 8
      i32.const 8
      i32.ne
      br_if 0
    end
  )
  (func $contract_9 (local i32 i32 f32 i32 i32 i32 i32 i32 i32 i32)
    i32.const 0
    local.set 5
    i32.const 0
    local.set 9
    loop
      i32.const 0
      local.set 7
      local.get 9
      local.set 8
      local.get 8
      i32.const 8
      i32.add
      local.set 1
      loop
        f32.const 0
        local.set 2
        local.get 5
        local.set 4
        local.get 7
        local.set 6
        local.get 6
        i32.const 40
        i32.add
        local.set 3
        loop
          local.get 4
          f32.load offset=384
          local.get 6
          f32.load offset=448
          f32.mul
          local.get 2
          f32.add
          local.set 2
          local.get 4
          i32.const 8
          i32.add
          local.set 4
          local.get 6
          i32.const 8
          i32.add
          local.tee 6
          local.get 3
          i32.ne
          br_if 0
        end
        local.get 8
        local.get 2
        f32.store
        local.get 7
        i32.const 4
        i32.add
        local.set 7
        local.get 8
        i32.const 4
        i32.add
        local.tee 8
        local.get 1
        i32.ne
        br_if 0
      end
      local.get 5
      i32.const 4
      i32.add
      local.set 5
      local.get 9
      i32.const 8
      i32.add
      local.tee 9
      i32.const 16
      i32.ne
      br_if 0
    end
  )
  (func $run (export "run") (local i32)
    call 0
    i32.const 0
    local.set 0
    loop
      local.get 0
      call 1
      local.get 0
      call 2
      local.get 0
      call 3
      local.get 0
      i32.const 1
      i32.add
      local.tee 0
      i32.const 5
      i32.lt_s
      br_if 0
    end
    call 4
    call 5
    i32.const 4
    local.set 0
    loop
      local.get 0
      call 6
      local.get 0
      call 7
      local.get 0
      call 8
      local.get 0
      i32.const -1
      i32.add
      local.tee 0
      i32.const 0
      i32.ge_s
      br_if 0
    end
    call 9
  )
)

