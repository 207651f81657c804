// The operations that operations.S has, in the place of m3_exec.h's own.
#ifndef deputy_operations_h
#define deputy_operations_h

#include <stddef.h>

#define d_m3Declare(NAME) m3ret_t op_##NAME(d_m3OpSig);
#define d_m3DeclareForm(NAME) d_m3Declare(NAME) d_m3Declare(NAME##_set)
#define d_m3DeclareCommutative(NAME) d_m3DeclareForm(NAME##_rs) d_m3DeclareForm(NAME##_ss)
#define d_m3DeclareBinary(NAME) d_m3DeclareCommutative(NAME) d_m3DeclareForm(NAME##_sr)
#define d_m3DeclareUnary(NAME) d_m3DeclareForm(NAME##_r) d_m3DeclareForm(NAME##_s)

d_m3DeclareCommutative(i32_Add) d_m3DeclareCommutative(i64_Add)
d_m3DeclareCommutative(i32_Multiply) d_m3DeclareCommutative(i64_Multiply)
d_m3DeclareBinary(i32_Subtract) d_m3DeclareBinary(i64_Subtract)
d_m3DeclareCommutative(u32_And) d_m3DeclareCommutative(u64_And)
d_m3DeclareCommutative(u32_Or) d_m3DeclareCommutative(u64_Or)
d_m3DeclareCommutative(u32_Xor) d_m3DeclareCommutative(u64_Xor)
d_m3DeclareBinary(u32_ShiftLeft) d_m3DeclareBinary(u64_ShiftLeft)
d_m3DeclareBinary(i32_ShiftRight) d_m3DeclareBinary(i64_ShiftRight)
d_m3DeclareBinary(u32_ShiftRight) d_m3DeclareBinary(u64_ShiftRight)
d_m3DeclareBinary(u32_Rotl) d_m3DeclareBinary(u64_Rotl)
d_m3DeclareBinary(u32_Rotr) d_m3DeclareBinary(u64_Rotr)

d_m3DeclareUnary(u64_ShiftLeft_low) d_m3DeclareUnary(u64_ShiftLeft_high)
d_m3DeclareUnary(i64_ShiftRight_low) d_m3DeclareUnary(i64_ShiftRight_high)
d_m3DeclareUnary(u64_ShiftRight_low) d_m3DeclareUnary(u64_ShiftRight_high)
d_m3DeclareUnary(u64_Rotr_low) d_m3DeclareUnary(u64_Rotr_high) d_m3DeclareUnary(u64_Rotr_half)

#define d_m3DeclareComparison(TYPE, NAME) \
  d_m3Declare(TYPE##_##NAME##_rs) d_m3Declare(TYPE##_##NAME##_sr) d_m3Declare(TYPE##_##NAME##_ss)
#define d_m3DeclareOrder(NAME)                                      \
  d_m3DeclareComparison(i32, NAME) d_m3DeclareComparison(u32, NAME) \
  d_m3DeclareComparison(i64, NAME) d_m3DeclareComparison(u64, NAME)

d_m3DeclareComparison(i32, Equal) d_m3DeclareComparison(i64, Equal)
d_m3DeclareComparison(i32, NotEqual) d_m3DeclareComparison(i64, NotEqual)
d_m3DeclareOrder(LessThan) d_m3DeclareOrder(GreaterThan)
d_m3DeclareOrder(LessThanOrEqual) d_m3DeclareOrder(GreaterThanOrEqual)
d_m3DeclareUnary(i32_EqualToZero) d_m3DeclareUnary(i64_EqualToZero)
d_m3Declare(BranchIf_r) d_m3Declare(BranchIf_s) d_m3Declare(If_r) d_m3Declare(If_s)

d_m3DeclareUnary(i32_Wrap_i64) d_m3DeclareUnary(i64_Extend_i32) d_m3DeclareUnary(i64_Extend_u32)

d_m3Declare(SetRegister_i32) d_m3Declare(SetRegister_i64)
d_m3Declare(SetSlot_i32) d_m3Declare(SetSlot_i64)
d_m3Declare(PreserveSetSlot_i32) d_m3Declare(PreserveSetSlot_i64)
d_m3Declare(CopySlot_32) d_m3Declare(CopySlot_64)

#ifdef __ARM_FEATURE_UNALIGNED
#define d_m3DeclareStore(NAME) d_m3Declare(NAME##_rs) d_m3Declare(NAME##_sr) d_m3Declare(NAME##_ss)

d_m3DeclareUnary(i32_Load_i8) d_m3DeclareUnary(i32_Load_u8)
d_m3DeclareUnary(i32_Load_i16) d_m3DeclareUnary(i32_Load_u16) d_m3DeclareUnary(i32_Load_i32)
d_m3DeclareUnary(i64_Load_u8) d_m3DeclareUnary(i64_Load_u32) d_m3DeclareUnary(i64_Load_i64)
d_m3DeclareStore(i32_Store_u8) d_m3DeclareStore(i32_Store_i16) d_m3DeclareStore(i32_Store_i32)
d_m3DeclareStore(i64_Store_i32) d_m3DeclareStore(i64_Store_i64)

_Static_assert(offsetof(M3MemoryHeader, length) == 8 && sizeof(M3MemoryHeader) == 12, "operations.S counts on this");
#endif
_Static_assert(sizeof(m3slot_t) == 4, "operations.S counts slots by words");

#endif
