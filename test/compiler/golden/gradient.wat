(module
  (memory (export "memory") 1 1)
  (func $contract_0 (local i32 i32 f32 i32 i32 i32 i32 i32 i32 i32 f32)
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
        i32.const 24
        i32.add
        local.set 3
        loop
          local.get 4
          f32.load
          local.get 6
          f32.load offset=128
          f32.mul
          local.get 2
          f32.add
          local.set 2
          local.get 4
          i32.const 4
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
        f32.const 0.125
        local.get 2
        local.get 8
        f32.load offset=64
        f32.sub
        f32.mul
        local.tee 10
        local.get 10
        f32.add
        f32.store offset=192
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
      i32.const 12
      i32.add
      local.set 5
      local.get 9
      i32.const 8
      i32.add
      local.tee 9
      i32.const 32
      i32.ne
      br_if 0
    end
  )
  (func $contract_1 (local i32 i32 f32 i32 i32 i32 i32 i32 i32 i32)
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
        i32.const 32
        i32.add
        local.set 3
        loop
          local.get 4
          f32.load
          local.get 6
          f32.load offset=192
          f32.mul
          local.get 2
          f32.add
          local.set 2
          local.get 4
          i32.const 12
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
        f32.store offset=64
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
      i32.const 24
      i32.ne
      br_if 0
    end
  )
  (func $run (export "run")
    call 0
    call 1
  )
)

