// wasm3's integer operations for 32-bit ARM, in as few instructions as they take. operations.h declares them to the compiler.
//
// An operation gets the address of its words in r0 (slots, immediates, then the next operation), the slots in r1, the accumulator
// in r2:r3, and the linear memory on the stack. One LDM fetches all of its words. It may destroy r4 to r6, r8 to r10 and ip
// (../../common/program_call.S), and the upper half of an accumulator that holds an i32: no reader looks at it.
//
// Names are wasm3's: `rs` has the left operand in a slot and the right one in the accumulator, `sr` the other way round, `ss` both in
// slots; the first word is the right operand's. With `_set` the result also goes to the slot that the last word names.

  .syntax unified
#if __ARM_ARCH_PROFILE == 'M'
  .thumb
#else
  .arm
#endif
  .text
  .p2align 2

.macro operation name
  .global op_\name
  .type op_\name, %function
op_\name:
.endm

// Slots: words and pairs of them.
.macro read register
  ldr \register, [r1, \register, lsl #2]
.endm
.macro read64 from, low, high
  add \from, r1, \from, lsl #2
  ldm \from, {\low, \high}
.endm
.macro write to
  str r2, [r1, \to, lsl #2]
.endm
.macro write64 to
  add \to, r1, \to, lsl #2
  stm \to, {r2, r3}
.endm

// What an operation computes, from the left operand in r2 (r2:r3) and the right one in r4 (r4:r5), into r2 (r2:r3).
.macro add_32
  add r2, r2, r4
.endm
.macro subtract_32
  sub r2, r2, r4
.endm
.macro multiply_32
  mul r2, r4, r2
.endm
.macro and_32
  and r2, r2, r4
.endm
.macro or_32
  orr r2, r2, r4
.endm
.macro xor_32
  eor r2, r2, r4
.endm
.macro shiftleft_32
  and r4, r4, #31
  lsl r2, r2, r4
.endm
.macro shiftright_32
  and r4, r4, #31
  lsr r2, r2, r4
.endm
.macro shiftsigned_32
  and r4, r4, #31
  asr r2, r2, r4
.endm
.macro rotateleft_32
  rsb r4, r4, #0
  ror r2, r2, r4
.endm
.macro rotateright_32
  ror r2, r2, r4
.endm

.macro add_64
  adds r2, r2, r4
  adc r3, r3, r5
.endm
.macro subtract_64
  subs r2, r2, r4
  sbc r3, r3, r5
.endm
.macro multiply_64
  mul r6, r2, r5
  mla r6, r3, r4, r6
  umull r2, r3, r4, r2
  add r3, r3, r6
.endm
.macro and_64
  and r2, r2, r4
  and r3, r3, r5
.endm
.macro or_64
  orr r2, r2, r4
  orr r3, r3, r5
.endm
.macro xor_64
  eor r2, r2, r4
  eor r3, r3, r5
.endm
// A shift by 32 or more, or by less than 0 modulo 256, leaves zeros: of the three parts those that apply remain.
.macro shiftleft_64
  and r4, r4, #63
  rsb r5, r4, #32
  sub r6, r4, #32
  lsl r3, r3, r4
  lsr r5, r2, r5
  lsl r6, r2, r6
  orr r3, r3, r5
  orr r3, r3, r6
  lsl r2, r2, r4
.endm
.macro shiftright_64
  and r4, r4, #63
  rsb r5, r4, #32
  sub r6, r4, #32
  lsr r2, r2, r4
  lsl r5, r3, r5
  lsr r6, r3, r6
  orr r2, r2, r5
  orr r2, r2, r6
  lsr r3, r3, r4
.endm
.macro shiftsigned_64
  and r4, r4, #63
  rsb r5, r4, #32
  subs r6, r4, #32
  lsr r2, r2, r4
  lsl r5, r3, r5
  orr r2, r2, r5
  itt pl
  asrpl r6, r3, r6
  orrpl r2, r2, r6
  asr r3, r3, r4
.endm
.macro rotateright_64
  tst r4, #32
  ittt ne
  movne r5, r2
  movne r2, r3
  movne r3, r5
  and r4, r4, #31
  rotatelow_64
.endm
.macro rotateleft_64
  rsb r4, r4, #0
  rotateright_64
.endm
.macro rotatelow_64
  rsb r5, r4, #32
  lsr r6, r2, r4
  lsl r8, r3, r5
  lsr r3, r3, r4
  lsl r2, r2, r5
  orr r3, r3, r2
  orr r2, r6, r8
.endm

// The forms of an operation. `swap` brings the operands in order where the left one came from a slot.
.macro forms_32 name, what, commutes=1
  operation \name\()_ss
  ldm r0!, {r4, r5, ip}
  ldr r2, [r1, r5, lsl #2]
  read r4
  \what
  bx ip
  operation \name\()_ss_set
  ldm r0!, {r4, r5, r6, ip}
  ldr r2, [r1, r5, lsl #2]
  read r4
  \what
  write r6
  bx ip
  .if \commutes
  operation \name\()_rs
  .else
  operation \name\()_sr
  .endif
  ldm r0!, {r4, ip}
  read r4
  \what
  bx ip
  .if \commutes
  operation \name\()_rs_set
  .else
  operation \name\()_sr_set
  .endif
  ldm r0!, {r4, r6, ip}
  read r4
  \what
  write r6
  bx ip
  .if !\commutes
  operation \name\()_rs
  ldm r0!, {r5, ip}
  mov r4, r2
  ldr r2, [r1, r5, lsl #2]
  \what
  bx ip
  operation \name\()_rs_set
  ldm r0!, {r5, r6, ip}
  mov r4, r2
  ldr r2, [r1, r5, lsl #2]
  \what
  write r6
  bx ip
  .endif
.endm

.macro forms_64 name, what, commutes=1
  operation \name\()_ss
  ldm r0!, {r4, r6, ip}
  read64 r6, r2, r3
  read64 r4, r4, r5
  \what
  bx ip
  operation \name\()_ss_set
  ldm r0!, {r4, r6, r9, ip}
  read64 r6, r2, r3
  read64 r4, r4, r5
  \what
  write64 r9
  bx ip
  .if \commutes
  operation \name\()_rs
  .else
  operation \name\()_sr
  .endif
  ldm r0!, {r4, ip}
  read64 r4, r4, r5
  \what
  bx ip
  .if \commutes
  operation \name\()_rs_set
  .else
  operation \name\()_sr_set
  .endif
  ldm r0!, {r4, r9, ip}
  read64 r4, r4, r5
  \what
  write64 r9
  bx ip
  .if !\commutes
  operation \name\()_rs
  ldm r0!, {r6, ip}
  mov r4, r2
  mov r5, r3
  read64 r6, r2, r3
  \what
  bx ip
  operation \name\()_rs_set
  ldm r0!, {r6, r9, ip}
  mov r4, r2
  mov r5, r3
  read64 r6, r2, r3
  \what
  write64 r9
  bx ip
  .endif
.endm

  forms_32 i32_Add, add_32
  forms_32 i32_Subtract, subtract_32, 0
  forms_32 i32_Multiply, multiply_32
  forms_32 u32_And, and_32
  forms_32 u32_Or, or_32
  forms_32 u32_Xor, xor_32
  forms_32 u32_ShiftLeft, shiftleft_32, 0
  forms_32 i32_ShiftRight, shiftsigned_32, 0
  forms_32 u32_ShiftRight, shiftright_32, 0
  forms_32 u32_Rotl, rotateleft_32, 0
  forms_32 u32_Rotr, rotateright_32, 0

  forms_64 i64_Add, add_64
  forms_64 i64_Subtract, subtract_64, 0
  forms_64 i64_Multiply, multiply_64
  forms_64 u64_And, and_64
  forms_64 u64_Or, or_64
  forms_64 u64_Xor, xor_64
  forms_64 u64_ShiftLeft, shiftleft_64, 0
  forms_64 i64_ShiftRight, shiftsigned_64, 0
  forms_64 u64_ShiftRight, shiftright_64, 0
  forms_64 u64_Rotl, rotateleft_64, 0
  forms_64 u64_Rotr, rotateright_64, 0

// Shifts of i64 by a constant, which is the first word: `low` by 1 to 31, `high` by 32 to 63, of which the word has what is above 32.
// A rotation to the left is one to the right; by 32 it is a form of its own.
.macro shiftleft_low
  rsb r5, r4, #32
  lsl r3, r3, r4
  lsr r5, r2, r5
  orr r3, r3, r5
  lsl r2, r2, r4
.endm
.macro shiftright_low
  rsb r5, r4, #32
  lsr r2, r2, r4
  lsl r5, r3, r5
  orr r2, r2, r5
  lsr r3, r3, r4
.endm
.macro shiftsigned_low
  rsb r5, r4, #32
  lsr r2, r2, r4
  lsl r5, r3, r5
  orr r2, r2, r5
  asr r3, r3, r4
.endm
.macro shiftleft_high
  lsl r3, r2, r4
  mov r2, #0
.endm
.macro shiftright_high
  lsr r2, r3, r4
  mov r3, #0
.endm
.macro shiftsigned_high
  asr r2, r3, r4
  asr r3, r3, #31
.endm
.macro rotate_high
  rsb r5, r4, #32
  lsr r6, r3, r4
  lsl r8, r2, r5
  lsr r2, r2, r4
  lsl r3, r3, r5
  orr r3, r3, r2
  orr r2, r6, r8
.endm
.macro rotate_half
  mov r4, r2
  mov r2, r3
  mov r3, r4
.endm

.macro forms_constant name, what
  operation \name\()_r
  ldm r0!, {r4, ip}
  \what
  bx ip
  operation \name\()_r_set
  ldm r0!, {r4, r9, ip}
  \what
  write64 r9
  bx ip
  operation \name\()_s
  ldm r0!, {r4, r6, ip}
  read64 r6, r2, r3
  \what
  bx ip
  operation \name\()_s_set
  ldm r0!, {r4, r6, r9, ip}
  read64 r6, r2, r3
  \what
  write64 r9
  bx ip
.endm

  forms_constant u64_ShiftLeft_low, shiftleft_low
  forms_constant u64_ShiftLeft_high, shiftleft_high
  forms_constant i64_ShiftRight_low, shiftsigned_low
  forms_constant i64_ShiftRight_high, shiftsigned_high
  forms_constant u64_ShiftRight_low, shiftright_low
  forms_constant u64_ShiftRight_high, shiftright_high
  forms_constant u64_Rotr_low, rotatelow_64
  forms_constant u64_Rotr_high, rotate_high
  forms_constant u64_Rotr_half, rotate_half

// Comparisons give 1 or 0. `how` sets the flags from a left operand in r2 (r2:r3) and a right one in r4 (r4:r5).
.macro compared_32
  cmp r2, r4
.endm
.macro equal_64
  cmp r2, r4
  it eq
  cmpeq r3, r5
.endm
.macro less_64
  cmp r2, r4
  sbcs r6, r3, r5
.endm
.macro greater_64
  cmp r4, r2
  sbcs r6, r5, r3
.endm
.macro truth condition, opposite
  ite \condition
  mov\condition r2, #1
  mov\opposite r2, #0
.endm

.macro compares_32 name, condition, opposite, commutes=0
  operation \name\()_ss
  ldm r0!, {r4, r5, ip}
  ldr r2, [r1, r5, lsl #2]
  read r4
  compared_32
  truth \condition, \opposite
  bx ip
  operation \name\()_rs
  ldm r0!, {r5, ip}
  mov r4, r2
  ldr r2, [r1, r5, lsl #2]
  compared_32
  truth \condition, \opposite
  bx ip
  .if !\commutes
  operation \name\()_sr
  ldm r0!, {r4, ip}
  read r4
  compared_32
  truth \condition, \opposite
  bx ip
  .endif
.endm

.macro compares_64 name, how, condition, opposite, commutes=0
  operation \name\()_ss
  ldm r0!, {r4, r6, ip}
  read64 r6, r2, r3
  read64 r4, r4, r5
  \how
  truth \condition, \opposite
  bx ip
  operation \name\()_rs
  ldm r0!, {r6, ip}
  mov r4, r2
  mov r5, r3
  read64 r6, r2, r3
  \how
  truth \condition, \opposite
  bx ip
  .if !\commutes
  operation \name\()_sr
  ldm r0!, {r4, ip}
  read64 r4, r4, r5
  \how
  truth \condition, \opposite
  bx ip
  .endif
.endm

  compares_32 i32_Equal, eq, ne, 1
  compares_32 i32_NotEqual, ne, eq, 1
  compares_32 i32_LessThan, lt, ge
  compares_32 u32_LessThan, lo, hs
  compares_32 i32_GreaterThan, gt, le
  compares_32 u32_GreaterThan, hi, ls
  compares_32 i32_LessThanOrEqual, le, gt
  compares_32 u32_LessThanOrEqual, ls, hi
  compares_32 i32_GreaterThanOrEqual, ge, lt
  compares_32 u32_GreaterThanOrEqual, hs, lo

  compares_64 i64_Equal, equal_64, eq, ne, 1
  compares_64 i64_NotEqual, equal_64, ne, eq, 1
  compares_64 i64_LessThan, less_64, lt, ge
  compares_64 u64_LessThan, less_64, lo, hs
  compares_64 i64_GreaterThan, greater_64, lt, ge
  compares_64 u64_GreaterThan, greater_64, lo, hs
  compares_64 i64_LessThanOrEqual, greater_64, ge, lt
  compares_64 u64_LessThanOrEqual, greater_64, hs, lo
  compares_64 i64_GreaterThanOrEqual, less_64, ge, lt
  compares_64 u64_GreaterThanOrEqual, less_64, hs, lo

  operation i32_EqualToZero_r
  ldr ip, [r0], #4
  cmp r2, #0
  truth eq, ne
  bx ip
  operation i32_EqualToZero_s
  ldm r0!, {r2, ip}
  read r2
  cmp r2, #0
  truth eq, ne
  bx ip
  operation i64_EqualToZero_r
  ldr ip, [r0], #4
  orrs r2, r2, r3
  truth eq, ne
  bx ip
  operation i64_EqualToZero_s
  ldm r0!, {r2, ip}
  read64 r2, r2, r3
  orrs r2, r2, r3
  truth eq, ne
  bx ip

// Branches: a condition in the accumulator or in a slot, then where to go.
.macro go_where condition
  itt \condition
  mov\condition r0, r5
  ldr\condition ip, [r0], #4
  bx ip
.endm

  operation BranchIf_r
  ldm r0!, {r5, ip}
  cmp r2, #0
  go_where ne
  operation BranchIf_s
  ldm r0!, {r4, r5, ip}
  read r4
  cmp r4, #0
  go_where ne
  operation If_r
  ldm r0!, {r5, ip}
  cmp r2, #0
  go_where eq
  operation If_s
  ldm r0!, {r4, r5, ip}
  read r4
  cmp r4, #0
  go_where eq

  operation i32_Wrap_i64_r
  ldr ip, [r0], #4
  bx ip
  operation i32_Wrap_i64_r_set
  ldm r0!, {r6, ip}
  write r6
  bx ip
  operation i32_Wrap_i64_s
  ldm r0!, {r2, ip}
  read r2
  bx ip
  operation i32_Wrap_i64_s_set
  ldm r0!, {r2, r6, ip}
  read r2
  write r6
  bx ip
  operation i64_Extend_i32_r
  ldr ip, [r0], #4
  asr r3, r2, #31
  bx ip
  operation i64_Extend_i32_r_set
  ldm r0!, {r9, ip}
  asr r3, r2, #31
  write64 r9
  bx ip
  operation i64_Extend_i32_s
  ldm r0!, {r2, ip}
  read r2
  asr r3, r2, #31
  bx ip
  operation i64_Extend_i32_s_set
  ldm r0!, {r2, r9, ip}
  read r2
  asr r3, r2, #31
  write64 r9
  bx ip
  operation i64_Extend_u32_r
  ldr ip, [r0], #4
  mov r3, #0
  bx ip
  operation i64_Extend_u32_r_set
  ldm r0!, {r9, ip}
  mov r3, #0
  write64 r9
  bx ip
  operation i64_Extend_u32_s
  ldm r0!, {r2, ip}
  read r2
  mov r3, #0
  bx ip
  operation i64_Extend_u32_s_set
  ldm r0!, {r2, r9, ip}
  read r2
  mov r3, #0
  write64 r9
  bx ip

  operation SetRegister_i32
  ldm r0!, {r2, ip}
  read r2
  bx ip
  operation SetRegister_i64
  ldm r0!, {r2, ip}
  read64 r2, r2, r3
  bx ip
  operation SetSlot_i32
  ldm r0!, {r4, ip}
  write r4
  bx ip
  operation SetSlot_i64
  ldm r0!, {r4, ip}
  write64 r4
  bx ip
  operation PreserveSetSlot_i32
  ldm r0!, {r4, r5, ip}
  ldr r6, [r1, r4, lsl #2]
  str r6, [r1, r5, lsl #2]
  write r4
  bx ip
  operation PreserveSetSlot_i64
  ldm r0!, {r4, r5, ip}
  add r4, r1, r4, lsl #2
  add r5, r1, r5, lsl #2
  ldm r4, {r6, r8}
  stm r5, {r6, r8}
  stm r4, {r2, r3}
  bx ip
  operation CopySlot_32
  ldm r0!, {r4, r5, ip}
  read r5
  str r5, [r1, r4, lsl #2]
  bx ip
  operation CopySlot_64
  ldm r0!, {r4, r5, ip}
  read64 r5, r5, r6
  add r4, r1, r4, lsl #2
  stm r4, {r5, r6}
  bx ip

#ifdef __ARM_FEATURE_UNALIGNED
// Loads and stores: `operand` to `operand + size` must lie below the memory's length, none of it beyond 2^32. M3MemoryHeader has the
// length at 8; the bytes follow at 12.
.macro address at, offset, size
  adds \at, \at, \offset
  bcs outside
  ldr r5, [sp]
  adds r6, \at, #\size
  bcs outside
  ldr r8, [r5, #8]
  cmp r6, r8
  bhi outside
  add r5, r5, \at
.endm

.macro loads name, size, instruction, more=""
  operation \name\()_r
  ldm r0!, {r4, ip}
  address r2, r4, \size
  \instruction r2, [r5, #12]
  \more
  bx ip
  operation \name\()_s
  ldm r0!, {r2, r4, ip}
  read r2
  address r2, r4, \size
  \instruction r2, [r5, #12]
  \more
  bx ip
  operation \name\()_r_set
  ldm r0!, {r4, r9, ip}
  address r2, r4, \size
  \instruction r2, [r5, #12]
  \more
  write_\name r9
  bx ip
  operation \name\()_s_set
  ldm r0!, {r2, r4, r9, ip}
  read r2
  address r2, r4, \size
  \instruction r2, [r5, #12]
  \more
  write_\name r9
  bx ip
.endm

.macro write_i32_Load_i8 to
  write \to
.endm
.macro write_i32_Load_u8 to
  write \to
.endm
.macro write_i32_Load_i16 to
  write \to
.endm
.macro write_i32_Load_u16 to
  write \to
.endm
.macro write_i32_Load_i32 to
  write \to
.endm
.macro write_i64_Load_u8 to
  write64 \to
.endm
.macro write_i64_Load_u32 to
  write64 \to
.endm
.macro write_i64_Load_i64 to
  write64 \to
.endm

  loads i32_Load_i8, 1, ldrsb
  loads i32_Load_u8, 1, ldrb
  loads i32_Load_i16, 2, ldrsh
  loads i32_Load_u16, 2, ldrh
  loads i32_Load_i32, 4, ldr
  loads i64_Load_u8, 1, ldrb, "mov r3, #0"
  loads i64_Load_u32, 4, ldr, "mov r3, #0"
  loads i64_Load_i64, 8, ldr, "ldr r3, [r5, #16]"

.macro stores name, size, instruction
  operation \name\()_rs
  ldm r0!, {r4, r9, ip}
  read r4
  address r4, r9, \size
  \instruction r2, [r5, #12]
  .if \size == 8
  str r3, [r5, #16]
  .endif
  bx ip
  operation \name\()_sr
  ldm r0!, {r4, r9, ip}
  address r2, r9, \size
  .if \size == 8
  read64 r4, r2, r3
  str r3, [r5, #16]
  .else
  ldr r2, [r1, r4, lsl #2]
  .endif
  \instruction r2, [r5, #12]
  bx ip
  operation \name\()_ss
  ldm r0!, {r4, r9, r10, ip}
  ldr r2, [r1, r9, lsl #2]
  address r2, r10, \size
  .if \size == 8
  read64 r4, r2, r3
  str r3, [r5, #16]
  .else
  ldr r2, [r1, r4, lsl #2]
  .endif
  \instruction r2, [r5, #12]
  bx ip
.endm

  stores i32_Store_u8, 1, strb
  stores i32_Store_i16, 2, strh
  stores i32_Store_i32, 4, str
  stores i64_Store_i32, 4, str
  stores i64_Store_i64, 8, str

outside:
  ldr r0, =m3Err_trapOutOfBoundsMemoryAccess
  ldr r0, [r0]
  bx lr
#endif
