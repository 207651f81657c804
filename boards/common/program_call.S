// The way into the interpreter on 32-bit ARM.
//
// boards/parts/firmware.ts compiles wasm3 and program.c with r4 to r6 and r8 to r10 as registers that a call may
// destroy: an operation then saves none of them, though each needs two or more. All other code keeps to AAPCS §6.1.1 and
// expects them back, so the linker's --wrap leads its calls through here. (r7 is Thumb's frame pointer, which gcc keeps to
// itself; r3 is there for the stack's alignment.)

  .syntax unified
#if __ARM_ARCH_PROFILE == 'M'
  .thumb
#else
  .arm
#endif
  .text

.macro wrap name
  .global __wrap_\name
  .type __wrap_\name, %function
__wrap_\name:
  push {r3-r6, r8-r10, lr}
  bl __real_\name
  pop {r3-r6, r8-r10, pc}
.endm

  wrap programLoad
  wrap programFind
  wrap programCall
  wrap programFunction
  wrap programExports
  wrap programNextExport
  wrap programLimit
  wrap programMemory
  wrap programFree
