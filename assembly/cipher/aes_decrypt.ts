// AES decryption on planes: see aes.ts for how they lie, and for the rotations. The same round keys serve, backwards.
//
// Constant-time in keys and data.

import { COLUMNS, ROUND_KEYS, aesRounds, below, below0, opposite, oppositeAcross } from "./aes";

/**
 * Decrypts `groups` groups of four blocks, in place, as planes. The state comes in two ShiftRows back, as `slice` gives it when
 * told so, and leaves straight.
 */
export function aesDecryptPlanes(key: usize, planes: usize, groups: i32): void {
  const rounds = aesRounds(key);
  const in2 = load<u64>(COLUMNS, 16), out2 = load<u64>(COLUMNS, 24);
  const end = planes + (groups << 6);
  for (; planes < end; planes += 64) {
    let roundKey = key + ROUND_KEYS + (rounds << 6);
    let q0 = load<u64>(planes), q1 = load<u64>(planes, 8), q2 = load<u64>(planes, 16), q3 = load<u64>(planes, 24);
    let q4 = load<u64>(planes, 32), q5 = load<u64>(planes, 40), q6 = load<u64>(planes, 48), q7 = load<u64>(planes, 56);
    for (let round = rounds; ; round--) {
      let u7 = load<u64>(roundKey) ^ q0, u6 = load<u64>(roundKey, 8) ^ q1;
      let u5 = load<u64>(roundKey, 16) ^ q2, u4 = load<u64>(roundKey, 24) ^ q3;
      let u3 = load<u64>(roundKey, 32) ^ q4, u2 = load<u64>(roundKey, 40) ^ q5;
      let u1 = load<u64>(roundKey, 48) ^ q6, u0 = load<u64>(roundKey, 56) ^ q7;
      roundKey -= 64;

      if (round < rounds) {
        if (round == 0) {
          store<u64>(planes, u7), store<u64>(planes, u6, 8), store<u64>(planes, u5, 16), store<u64>(planes, u4, 24);
          store<u64>(planes, u3, 32), store<u64>(planes, u2, 40), store<u64>(planes, u1, 48), store<u64>(planes, u0, 56);
          break;
        }
        // InvMixColumns: with b the byte below and c the sum of both, d = a + 2c, e = c + 4d's upper part; d + e + the e opposite.
        let b0: u64, b1: u64, b2: u64, b3: u64, b4: u64, b5: u64, b6: u64, b7: u64;
        const n = round & 3;
        if (n == 0) {
          b0 = below0(u7), b1 = below0(u6), b2 = below0(u5), b3 = below0(u4);
          b4 = below0(u3), b5 = below0(u2), b6 = below0(u1), b7 = below0(u0);
        } else {
          const at = COLUMNS + (n - 1 << 4);
          const inside = load<u64>(at), outside = load<u64>(at, 8), near = u64(n << 2), far = near + 16;
          b0 = below(u7, far, inside, near, outside);
          b1 = below(u6, far, inside, near, outside);
          b2 = below(u5, far, inside, near, outside);
          b3 = below(u4, far, inside, near, outside);
          b4 = below(u3, far, inside, near, outside);
          b5 = below(u2, far, inside, near, outside);
          b6 = below(u1, far, inside, near, outside);
          b7 = below(u0, far, inside, near, outside);
        }
        const c0 = u7 ^ b0, c1 = u6 ^ b1, c2 = u5 ^ b2, c3 = u4 ^ b3, c4 = u3 ^ b4, c5 = u2 ^ b5, c6 = u1 ^ b6, c7 = u0 ^ b7;
        const d0 = u7 ^ c7, d1 = u6 ^ c0 ^ c7, d2 = u5 ^ c1, d3 = u4 ^ c2 ^ c7;
        const d4 = u3 ^ c3 ^ c7, d5 = u2 ^ c4, d6 = u1 ^ c5, d7 = u0 ^ c6;
        const e0 = c0 ^ d6, e1 = c1 ^ d6 ^ d7, e2 = c2 ^ d0 ^ d7, e3 = c3 ^ d1 ^ d6;
        const e4 = c4 ^ d2 ^ d6 ^ d7, e5 = c5 ^ d3 ^ d7, e6 = c6 ^ d4, e7 = c7 ^ d5;
        if (round & 1) {
          u7 = oppositeAcross(e0, in2, out2) ^ d0 ^ e0, u6 = oppositeAcross(e1, in2, out2) ^ d1 ^ e1;
          u5 = oppositeAcross(e2, in2, out2) ^ d2 ^ e2, u4 = oppositeAcross(e3, in2, out2) ^ d3 ^ e3;
          u3 = oppositeAcross(e4, in2, out2) ^ d4 ^ e4, u2 = oppositeAcross(e5, in2, out2) ^ d5 ^ e5;
          u1 = oppositeAcross(e6, in2, out2) ^ d6 ^ e6, u0 = oppositeAcross(e7, in2, out2) ^ d7 ^ e7;
        } else {
          u7 = opposite(e0) ^ d0 ^ e0, u6 = opposite(e1) ^ d1 ^ e1;
          u5 = opposite(e2) ^ d2 ^ e2, u4 = opposite(e3) ^ d3 ^ e3;
          u3 = opposite(e4) ^ d4 ^ e4, u2 = opposite(e5) ^ d5 ^ e5;
          u1 = opposite(e6) ^ d6 ^ e6, u0 = opposite(e7) ^ d7 ^ e7;
        }
      }

      // InvSubBytes, with the constant that the round keys have for SubBytes. The circuit is that of Boyar, Peralta and Calik.
      const t23 = u0 ^ u3; const t8 = u1 ^ t23; const m2 = t23 & t8; const t4 = u4 ^ t8; const t22 = u1 ^ u3;
      const t2 = u0 ^ u1; const t1 = u3 ^ u4; const t9 = u7 ^ t1; const m7 = t22 & t9; const t24 = u4 ^ u7;
      const t10 = t2 ^ t24; const r5 = u6 ^ u7; const t3 = t1 ^ r5; const t13 = t2 ^ r5; const t19 = t22 ^ r5;
      const t17 = u2 ^ t19; const t25 = u2 ^ t1; const r13 = u1 ^ u6; const t20 = t24 ^ r13; const r17 = u2 ^ u5;
      const t6 = t22 ^ r17; const m1 = t13 & t6; const y5 = u0 ^ r17; const r18 = u5 ^ u6; const t27 = t1 ^ r18;
      const t15 = t10 ^ t27; const m11 = t1 & t15; const m15 = (t2 & t10) ^ m11;
      const m21 = (t19 & y5) ^ m1 ^ t24 ^ m15; const m13 = (t4 & t27) ^ m11; const m20 = t10 ^ r18 ^ m1 ^ m2 ^ m13;
      const t16 = u2 ^ u4 ^ r13; const m6 = t3 & t16; const m22 = t3 ^ t16 ^ m6 ^ m7 ^ m13; const m25 = m22 & m20;
      const m23 = (t20 & t17) ^ m6 ^ m15 ^ t25; const m24 = m22 ^ m23; const m39 = ((m21 ^ m25) & m24) ^ m23;
      const m48 = m39 & y5; const m57 = m39 & t19; const m36 = m24 ^ m25; const m27 = m20 ^ m21;
      const m37 = ((m23 ^ m25) & m27) ^ m21; const m42 = m37 ^ m39; const m61 = m42 & t1;
      const p0 = (m42 & t15) ^ m61; const m51 = m37 & t17; const m33 = m27 ^ m25; const m38 = (m20 & m23 & m27) ^ m33;
      const m43 = m37 ^ m38; const m49 = m43 & t16; const p6 = (m37 & t20) ^ m49; const m58 = m43 & t3;
      const m50 = m38 & t9; const m59 = m38 & t22; const p7 = m58 ^ m59 ^ p0; const m40 = (m21 & m22 & m24) ^ m36;
      const m41 = m38 ^ m40; const m45 = m42 ^ m41; const p23 = (m45 & t27) ^ m50 ^ p7; const m62 = m45 & t4;
      const s6 = m49 ^ m62 ^ p23; const m54 = m41 & t10; const p2 = m54 ^ m62; const p22 = p2 ^ p7;
      const s0 = m49 ^ m51 ^ p22; const p17 = m58 ^ p2; const m63 = m41 & t2; const m44 = m39 ^ m40;
      const m46 = m44 & t6; const p5 = m46 ^ m51; const p24 = p5 ^ p7; const s3 = m46 ^ m48 ^ p22;
      const p9 = (m44 & t13) ^ m63; const s7 = m57 ^ m61 ^ p9; const p3 = (m40 & t8) ^ m50; const s5 = p2 ^ p3 ^ p24;
      const p11 = p0 ^ p3; const p26 = p9 ^ p11; const p4 = (m40 & t23) ^ m48; const p20 = p4 ^ p6;
      const s1 = m54 ^ m59 ^ p20 ^ p26; const p10 = m57 ^ p4; const s4 = m63 ^ p5 ^ p10 ^ p23;
      const s2 = p6 ^ p10 ^ p11 ^ p17;
      q0 = s7, q1 = s6, q2 = s5, q3 = s4, q4 = s3, q5 = s2, q6 = s1, q7 = s0;
    }
  }
}
