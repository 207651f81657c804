// Gives wasm3 the operations of operations.S, and has its compiler use them: an operation takes in the SetSlot behind it, and
// shifts of i64 by a constant have forms of their own (fused.h).
import type { Replacements } from '../patch.js';

/** Written beside wasm3's own files. */
export const headers = ['operations.h', 'fused.h'];
export const units = ['operations.S'];

const leaveOut = (from: string, to: string): Replacements => [
  [from, `#if 0\n${from}`, 1],
  [to, `#endif\n${to}`, 1],
];

/** Per file: [text before, text after, how often it occurs]. */
export const replacements: Readonly<Record<string, Replacements>> = {
  'm3_exec.h': [
    ['// signed\n', '#include "operations.h"\n\n// signed\n', 1],
    ...leaveOut('d_m3CommutativeOp_i (i32, Equal, ', '#if d_m3HasFloat\nd_m3CommutativeCmpOp_f (f32, Equal,'),
    ...leaveOut('d_m3UnaryOp_i (i32, EqualToZero, OP_EQZ)', '// clz(0), ctz(0) results'),
    ...leaveOut('d_m3Op  (If_r)', 'd_m3Op  (BranchTable)'),
    ...leaveOut('d_m3Op  (BranchIf_r)', 'd_m3Op  (BranchIfPrologue_r)'),
    // Integer arithmetic; what floats have lies in between.
    ...leaveOut('d_m3CommutativeOp_i (i32, Add,  ', '#if d_m3HasFloat\nd_m3CommutativeOp_f (f32, Add,'),
    ...leaveOut('d_m3OpFunc_i(u32, Rotl, rotl32)', 'd_m3OpMacro_i(u32, Divide, OP_DIV_U);'),
    ...leaveOut('d_m3Op(i32_Wrap_i64_r)', '// Integer sign extension operations'),
    ...leaveOut('d_m3TypeModifyOp (_r0, _r0, i64, Extend, i32);', '// Float to float'),
    ...leaveOut('d_m3SetRegisterSetSlot (i32, _r0)', '#if d_m3HasFloat\nd_m3SetRegisterSetSlot (f32, _fp0)'),
    ...leaveOut('d_m3Op (CopySlot_32)', 'd_m3Op (PreserveCopySlot_32)'),
    ...leaveOut('d_m3Op (CopySlot_64)', 'd_m3Op (PreserveCopySlot_64)'),
    [
      'd_m3Load_i (i32, i8);\nd_m3Load_i (i32, u8);\nd_m3Load_i (i32, i16);\nd_m3Load_i (i32, u16);\nd_m3Load_i (i32, i32);\n',
      '#ifndef __ARM_FEATURE_UNALIGNED\nd_m3Load_i (i32, i8);\nd_m3Load_i (i32, u8);\nd_m3Load_i (i32, i16);\nd_m3Load_i (i32, u16);\nd_m3Load_i (i32, i32);\nd_m3Load_i (i64, u8);\nd_m3Load_i (i64, u32);\nd_m3Load_i (i64, i64);\n#endif\n',
      1,
    ],
    ['d_m3Load_i (i64, u8);\nd_m3Load_i (i64, i16)', 'd_m3Load_i (i64, i16)', 1],
    ['d_m3Load_i (i64, u32);\nd_m3Load_i (i64, i64);\n\n', '\n', 1],
    [
      'd_m3Store_i (i32, u8)\nd_m3Store_i (i32, i16)\nd_m3Store_i (i32, i32)\n',
      '#ifndef __ARM_FEATURE_UNALIGNED\nd_m3Store_i (i32, u8)\nd_m3Store_i (i32, i16)\nd_m3Store_i (i32, i32)\nd_m3Store_i (i64, i32)\nd_m3Store_i (i64, i64)\n#endif\n',
      1,
    ],
    ['d_m3Store_i (i64, i16)\nd_m3Store_i (i64, i32)\nd_m3Store_i (i64, i64)', 'd_m3Store_i (i64, i16)', 1],
  ],
  'm3_compile.h': [
    [
      '    IM3CodePage         page;\n',
      '    IM3CodePage         page;\n\n    IM3Operation        setOperation;               // the last operation with a SetSlot taken in\n    code_t *            setAt;\n',
      1,
    ],
  ],
  'm3_compile.c': [
    [
      '    return GetPagePC (o->page);\n}\n\nstatic M3_NOINLINE\nM3Result  EnsureCodePageNumLines',
      '    o->setOperation = NULL;\n    return GetPagePC (o->page);\n}\n\nstatic M3_NOINLINE\nM3Result  EnsureCodePageNumLines',
      1,
    ],
    [
      '    if (o->page)\n    {\n# if d_m3EnableOpTracing\n        if (i_operation != op_DumpStack)',
      '    o->setOperation = NULL;\n    if (o->page)\n    {\n# if d_m3EnableOpTracing\n        if (i_operation != op_DumpStack)',
      1,
    ],
    [
      'static\nM3Result  PreserveRegisterIfOccupied  (',
      '#include "fused.h"\n\nstatic\nM3Result  PreserveRegisterIfOccupied  (',
      1,
    ],
    [
      '_       (EmitOp (o, c_setSetOps [type]));\n        EmitSlotOffset (o, slot);\n',
      '        if (FuseSetSlot (o, type, slot)) return result;\n_       (EmitOp (o, c_setSetOps [type]));\n        EmitSlotOffset (o, slot);\n',
      1,
    ],
    [
      '    if (inRegister)\n    {\n        op = c_setSetOps [type];\n',
      '    if (inRegister)\n    {\n        if (FuseSetSlot (o, type, i_destSlot)) return result;\n        op = c_setSetOps [type];\n',
      1,
    ],
    [
      '_       (EmitOp (o, op));\n\n_       (EmitSlotNumOfStackTopAndPop (o));\n\n        if (opInfo->stackOffset < 0)\n',
      `        u32 form = op == opInfo->operations [0] ? 0 : op == opInfo->operations [1] ? 1 : 2;
        if (opInfo->stackOffset < 0 and form == 0 and not IsStackTopInRegister (o)) form = 1;
        IM3Operation set;
        i32 word = ChooseOperation (o, i_opcode, form, & op, & set);

_       (EmitOp (o, op));
        if (o->page)
        {
            o->setOperation = set;
            o->setAt = (code_t *) GetPagePC (o->page) - 1;
        }

        if (word >= 0)
        {
            EmitSlotOffset (o, word);
_           (Pop (o));
        }
        else
_           (EmitSlotNumOfStackTopAndPop (o));

        if (opInfo->stackOffset < 0)
`,
      1,
    ],
  ],
};
