// What the compiler of wasm3 puts in the place of an operation and the SetSlot after it, and of shifts by a constant: the operations
// of operations.S. m3_compile.c includes this.
//
// An operation may take in the SetSlot that follows as long as nothing was emitted in between and nobody holds the address
// between the two, where a branch could come in: EmitOp and GetPC end it.

#define d_m3SetsCommutative(NAME) {op_##NAME##_rs_set, op_##NAME##_rs_set, op_##NAME##_ss_set}
#define d_m3SetsBinary(NAME) {op_##NAME##_rs_set, op_##NAME##_sr_set, op_##NAME##_ss_set}
#define d_m3SetsUnary(NAME) {op_##NAME##_r_set, op_##NAME##_s_set}

// By opcode, then by form as in M3OpInfo's operations.
static const IM3Operation c_setOperations[][3] = {
#ifdef __ARM_FEATURE_UNALIGNED
  [0x28] = d_m3SetsUnary(i32_Load_i32),
  [0x29] = d_m3SetsUnary(i64_Load_i64),
  [0x2c] = d_m3SetsUnary(i32_Load_i8),
  [0x2d] = d_m3SetsUnary(i32_Load_u8),
  [0x2e] = d_m3SetsUnary(i32_Load_i16),
  [0x2f] = d_m3SetsUnary(i32_Load_u16),
  [0x31] = d_m3SetsUnary(i64_Load_u8),
  [0x35] = d_m3SetsUnary(i64_Load_u32),
#endif
  [0x6a] = d_m3SetsCommutative(i32_Add),
  [0x6b] = d_m3SetsBinary(i32_Subtract),
  [0x6c] = d_m3SetsCommutative(i32_Multiply),
  [0x71] = d_m3SetsCommutative(u32_And),
  [0x72] = d_m3SetsCommutative(u32_Or),
  [0x73] = d_m3SetsCommutative(u32_Xor),
  [0x74] = d_m3SetsBinary(u32_ShiftLeft),
  [0x75] = d_m3SetsBinary(i32_ShiftRight),
  [0x76] = d_m3SetsBinary(u32_ShiftRight),
  [0x77] = d_m3SetsBinary(u32_Rotl),
  [0x78] = d_m3SetsBinary(u32_Rotr),
  [0x7c] = d_m3SetsCommutative(i64_Add),
  [0x7d] = d_m3SetsBinary(i64_Subtract),
  [0x7e] = d_m3SetsCommutative(i64_Multiply),
  [0x83] = d_m3SetsCommutative(u64_And),
  [0x84] = d_m3SetsCommutative(u64_Or),
  [0x85] = d_m3SetsCommutative(u64_Xor),
  [0x86] = d_m3SetsBinary(u64_ShiftLeft),
  [0x87] = d_m3SetsBinary(i64_ShiftRight),
  [0x88] = d_m3SetsBinary(u64_ShiftRight),
  [0x89] = d_m3SetsBinary(u64_Rotl),
  [0x8a] = d_m3SetsBinary(u64_Rotr),
  [0xa7] = d_m3SetsUnary(i32_Wrap_i64),
  [0xac] = d_m3SetsUnary(i64_Extend_i32),
  [0xad] = d_m3SetsUnary(i64_Extend_u32),
};

// Shifts by a constant: below 32, above, and exactly 32 (rotations alone), of the accumulator (r, r_set) or of a slot.
typedef struct {
  IM3Operation low[4], high[4], half[4];
} M3ConstantShift;

#define d_m3Constant(NAME) {op_##NAME##_r, op_##NAME##_r_set, op_##NAME##_s, op_##NAME##_s_set}

static const M3ConstantShift c_constantShifts[] = {
  {d_m3Constant(u64_ShiftLeft_low), d_m3Constant(u64_ShiftLeft_high), d_m3Constant(u64_ShiftLeft_high)},
  {d_m3Constant(i64_ShiftRight_low), d_m3Constant(i64_ShiftRight_high), d_m3Constant(i64_ShiftRight_high)},
  {d_m3Constant(u64_ShiftRight_low), d_m3Constant(u64_ShiftRight_high), d_m3Constant(u64_ShiftRight_high)},
  {d_m3Constant(u64_Rotr_low), d_m3Constant(u64_Rotr_high), d_m3Constant(u64_Rotr_half)},
};

enum { c_waOp_i64_shl = 0x86, c_waOp_i64_rotl = 0x89, c_waOp_i64_rotr = 0x8a };

/**
 * The operation to emit in the place of `*io_op`, form `i_form` of `i_opcode`; `*o_set` gets the one with SetSlot, NULL where there is
 * none. Returns the word for the right operand, or -1 where that is in a slot as ever.
 */
static i32 ChooseOperation(IM3Compilation o, m3opcode_t i_opcode, u32 i_form, IM3Operation *io_op, IM3Operation *o_set) {
  *o_set = i_opcode < M3_COUNT_OF(c_setOperations) ? c_setOperations[i_opcode][i_form] : NULL;
  // The right operand is the one on top: in a slot in the second and third form.
  if (i_opcode < c_waOp_i64_shl || i_opcode > c_waOp_i64_rotr || i_form == 0) return -1;
  u16 slot = GetStackTopSlotNumber(o);
  if (!IsConstantSlot(o, slot)) return -1;
  u32 count = o->constants[slot - o->slotFirstConstIndex] & 63;
  if (i_opcode == c_waOp_i64_rotl) count = -count & 63;
  if (count == 0) return -1;
  u32 kind = i_opcode >= c_waOp_i64_rotl ? 3 : i_opcode - c_waOp_i64_shl;
  const M3ConstantShift *shift = &c_constantShifts[kind];
  const IM3Operation *operations = count < 32 ? shift->low : count > 32 ? shift->high : shift->half;
  operations += (i_form - 1) * 2;
  *io_op = operations[0];
  *o_set = operations[1];
  return count & 31;
}

/** Takes in a SetSlot of the accumulator; false where the last operation can't. */
static bool FuseSetSlot(IM3Compilation o, u8 i_type, u16 i_slot) {
  if (!o->setOperation || !IsIntType(i_type)) return false;
  *o->setAt = (code_t) o->setOperation;
  o->setOperation = NULL;
  EmitWord32(o->page, i_slot);
  return true;
}
