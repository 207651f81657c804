// Multiples of Curve25519's base point, by a comb of four teeth on edwards25519 (RFC 7748 §4.1), with signed digits.
//
// Constant-time in the scalar: every entry of a table is read, and the sign chosen, under masks.

import { wipe } from "../memory";
import { addAffine25519, double, POINT25519, setNeutral, wipeScratch25519 } from "./edwards25519";
import { add25519, ELEMENT25519, subtract25519 } from "./field25519";

// @ts-ignore: decorator
@inline
const TABLES = 2;
// @ts-ignore: decorator
@inline
const SPACING = 32;
// @ts-ignore: decorator
@inline
const ENTRY = 96;

// Entry n of table t: (2^192 ± 2^128 ± 2^64 ± 1) 2^(32 t) times the base point, + where the bit of n is 1 (the lowest is that of 1).
// Affine: (y - x) / 2, (y + x) / 2, d x y. With four tables of eight instead of two a key would cost an eighth less.
const table = memory.data<u64>([
  0xf1f15409edc4684d, 0x37a0589eadd8a6e0, 0xe338aa12aa8f15e9, 0x6002dbd762321cb6,
  0x25d8516412399c1f, 0xc5c9ec8e69cd242a, 0xb241e1775522c5a8, 0x25e74a2324043413,
  0xe64070c12df63c8e, 0x705a54e857b6bb12, 0x30a69abe97dd974c, 0xe3bddbb31d321ed,
  0xf4ef693aceb89a58, 0xf3de5ac9aa3d8506, 0xaf5e32f80139a27d, 0x33279ac7c4de4053,
  0x8b695aacd71f346a, 0xb7e2b139ac23d65e, 0x5cc48faa4b14843a, 0x61d47ee7b7f9c533,
  0x9eea1cb2338af5da, 0x88a6c9789df251f8, 0xf0a1c5b3abea60ac, 0x28dabe4e3e77b642,
  0x8f998db2ad06eadb, 0x85aa2fb0e4c315e9, 0x1ccbc4d98ab9bc19, 0x49a839c83ba1ea2e,
  0x4c8a1f02d60223b7, 0x2ac07ed363394329, 0x9f7a426c860ade69, 0x4ecece0f2467132b,
  0x9f04317fad68f4c, 0xff7d31dcc838e8bd, 0x6c1bb349f9c14675, 0x452b73d8a52e82ad,
  0x8921237bdf91ad9f, 0x743f372a0f6c3ee5, 0xbc29761a609c2ac9, 0x3e0c2d4432a12f89,
  0x56e7e73512afc64e, 0xc5ec3ba0e4a24477, 0x49d4a6a02222dfe, 0x3d9288f9fe748a45,
  0xcba7c0c74f6cd7ee, 0x81999c80b5833e0c, 0xa23e4d6ed0b2f852, 0x6cb202500a0c2bda,
  0x4131c7c8c24a250d, 0x30aa5756cbc11802, 0x3c51a4ef97e05677, 0x48d56ed223f02ce0,
  0xfbc48d8fec5f863d, 0xd9a913c5cf85d764, 0x4130b9cd666f119, 0x773443aa796ce42e,
  0x51b199ecf92a67d3, 0x5f7c1e2a06f7e1ed, 0xc74b7c61fab7e551, 0x61665911a5bbd6dd,
  0x31fc406217cd38cc, 0xa285c8d84881031d, 0x2374be416a148de8, 0x61e97f59fc547db7,
  0x66697eb43bfeec90, 0x413bb77f21bacf21, 0x6f627a4ff24be1ba, 0x6f2234aba412460d,
  0x145e8b3a4b848fff, 0x3814cae84ea5d384, 0x7d9be98d2f8076ca, 0xaa77df7cf8a095e,
  0x43f3a58138d08c5, 0xb3e0701385870fa1, 0xf76e41ce8695b247, 0x7573504b7dce4545,
  0x82bd97640ab029d1, 0x86d65a13797ec894, 0x7186c6905e886eea, 0x13dbcb4e83cdd997,
  0xd3921f2d4846c137, 0x3970c66d47a8c668, 0x7971f41d8fc6ee56, 0x78689edd5ec7bd9e,
  0x515465a5ee3f7c1e, 0xcb5ae37d2fc9e113, 0xea75f58d833271d2, 0x204da56e72e36797,
  0x89bf75b3a3fddc21, 0x3cefae3ab0408d45, 0x2d15d3b7b8fc644d, 0x4ca952b1de47fe1,
  0x226a9edcc1a1a862, 0xc494c982d2fa82da, 0x7d917d512ca4ff97, 0x34dcb4538232beb2,
  0x1ddb9e05dbe10b90, 0x7a0b203e01842f3b, 0x490fc8a01e511211, 0x35a2a5cb2bb524b0,
  0x85c05aca2109516b, 0x18cfc9dc5e9cc3fb, 0x2f9f161330615dfc, 0x7d7ec5f9b02bbda3,
  0xab308b5ce521f143, 0x6b54652fddea7a7b, 0x4123c8f2e42c5186, 0x1aef2e2e8ca9c516,
  0x54d925fb033cad92, 0x286c1753e70f8f84, 0x33ebe834bead0ef0, 0x378ac78b7f2ea9c9,
  0x3e4b63ac76dd7d25, 0x46788bf6834c6ec2, 0xd07fa5510cedc407, 0x613eb1e5a7198bda,
  0xd1e8a82e19513965, 0xb402be057e3096f4, 0xc7572dc2aefd1a76, 0x695688d588739a5,
  0x465395318ea3d66a, 0xbb8bbcdfb12aa2d2, 0x21d66290aa23f970, 0x34194fdd793ded77,
  0xc34f49a8ffc67a5d, 0x83f02f0d03d9059, 0xe6751a11486b5f3c, 0x4b8dbb3fee009f19,
  0xbd504f56bcadd8c6, 0xc2b7a2fffe0be0d0, 0xc4b8fe1b234bf441, 0xd142c50e0144f0d,
  0x23cddb0e13f667dd, 0xaaf74673d778c26d, 0x252f2eaf99319ad2, 0xa4cd387ebf3dc4a,
  0xd7f6cfa65d8edf0e, 0x68e946d56a415b3d, 0xdc0e002098de58ba, 0x5fa4f787bbc39017,
  0x804cd76e3d731e4, 0xceb704ff650461bd, 0xd104d8b0c58ff73, 0xaa04d72b8f74b68,
  0x245a84166dfbc5a, 0x46221863fffbfe57, 0x6dcf42272ef413f4, 0x14ed9f51d4fec604,
  0x1671adaf2755514e, 0x5d385e8808841cc9, 0xb5b81bfc82ece6eb, 0x372b3dedbe1ae85d,
  0x9b7eac38d4184aa5, 0x45bb1695a7c65805, 0xdd907a4917a30e83, 0x21c66bb8d3dcf9ef,
  0xa8232d7f84a9a2f, 0x2fe0402c682c2a65, 0x3a73f10a717b5c18, 0x1d8290ef22838899,
  0x5680891e41a2bdb, 0x8cdea29f02c087a5, 0xbcf6f6c4095c87e5, 0x72d78fd16cb4fbd1,
  0xc211569710d26a10, 0x316b4a8a4ea6038, 0x69db648554285d82, 0x37f0eb42e0f24b07,
  0x6ef5eb53063b8fb4, 0xa7ca317041227c9b, 0x7b28efc57b16b05b, 0x353b1653355033a1,
  0x340a0c99993ce0ee, 0x8dcf02fd7d603406, 0x5f94bf059f462a4f, 0x1e92e939fa8b076,
  0x5be90ba764119152, 0x3f748131b179ccd0, 0xd75978258dd22051, 0x617ed1e47ba1f7c5,
  0x1f656d85393427d8, 0xb6efdcf68c627b41, 0x54a123f236dddd77, 0x1631ef8356d9eab1,
  0x974d9f0e16466e25, 0x7980deed9c9495c7, 0xc84031edb7a2da24, 0x1e954d892e406ff,
  0xfebc4721dd46ec7e, 0x987d70e12f5a710b, 0x5eb0600f002b42a8, 0x337a92479ae21b2,
], 8);
// The base point's order, little-endian.
const groupOrder = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0, 0x1000000000000000], 8);

const digits = memory.data(32, 8);
const chosen = memory.data(ENTRY, 8);
const affine = memory.data(3 * ELEMENT25519, 16);
const sum = memory.data(POINT25519, 16);

/** Writes the multiple of a clamped `scalar` as a fraction of u: its numerator, then its denominator. */
export function baseMultiple25519(out: usize, scalar: usize): void {
  recode(scalar);
  setNeutral(sum);
  for (let i = SPACING - 1; i >= 0; i--) {
    double(sum, true);
    for (let t = 0; t < TABLES; t++) {
      choose(t, i + SPACING * t);
      addAffine25519(sum, affine, t < TABLES - 1);
    }
  }
  // u = (1 + y) / (1 - y)
  add25519(out, sum + 2 * ELEMENT25519, sum + ELEMENT25519);
  subtract25519(out + ELEMENT25519, sum + 2 * ELEMENT25519, sum + ELEMENT25519);
  wipe(digits, 32);
  wipe(chosen, ENTRY);
  wipe(affine, 3 * ELEMENT25519);
  wipe(sum, POINT25519);
  wipeScratch25519();
}

/**
 * Bits s_i such that the scalar is the sum of (2 s_i - 1) 2^i over 256 of them, which takes an odd one: a clamped scalar is
 * even, and the base point's order, which is odd, added to it changes nothing.
 */
function recode(scalar: usize): void {
  let carry: u64 = 0;
  for (let i = 0; i < 32; i += 4) {
    carry += u64(load<u32>(scalar + i)) + u64(load<u32>(groupOrder + i));
    store<u32>(digits + i, carry as u32);
    carry >>= 32;
  }
  for (let i = 0; i < 24; i += 8) store<u64>(digits + i, load<u64>(digits + i) >> 1 | load<u64>(digits + i, 8) << 63);
  store<u64>(digits, load<u64>(digits, 24) >> 1 | 0x8000000000000000, 24);
}

/** All ones where a = b, small non-negative numbers; else 0. */
// @ts-ignore: decorator
@inline
function equals(a: u64, b: u64): u64 {
  return u64(i64((a ^ b) - 1) >> 63);
}

/** The entry of table `t` for the four bits from `at` on, in steps of 64, to `affine`. The top one is the sign of them all. */
function choose(t: i32, at: i32): void {
  const sign = (load<u64>(digits, 24) >> at & 1) - 1;
  const low = (load<u64>(digits) >> at ^ sign) & 1, middle = (load<u64>(digits, 8) >> at ^ sign) & 1;
  const index = low | middle << 1 | ((load<u64>(digits, 16) >> at ^ sign) & 1) << 2;
  const m0 = equals(index, 0), m1 = equals(index, 1), m2 = equals(index, 2), m3 = equals(index, 3);
  const m4 = equals(index, 4), m5 = equals(index, 5), m6 = equals(index, 6), m7 = equals(index, 7);
  const first = table + t * (8 * ENTRY);
  for (let i = 0; i < ENTRY; i += 8) {
    const p = first + i;
    store<u64>(chosen + i, load<u64>(p) & m0 | load<u64>(p, ENTRY) & m1 | load<u64>(p, 2 * ENTRY) & m2 | load<u64>(p, 3 * ENTRY) & m3
      | load<u64>(p, 4 * ENTRY) & m4 | load<u64>(p, 5 * ENTRY) & m5 | load<u64>(p, 6 * ENTRY) & m6 | load<u64>(p, 7 * ENTRY) & m7);
  }
  // -(x, y) = (-x, y): y - x and y + x change places, and x y its sign.
  for (let i = 0; i < 32; i += 8) {
    const swap = (load<u64>(chosen + i) ^ load<u64>(chosen + i, 32)) & sign;
    store<u64>(chosen + i, load<u64>(chosen + i) ^ swap);
    store<u64>(chosen + i, load<u64>(chosen + i, 32) ^ swap, 32);
  }
  unpack(affine, chosen);
  unpack(affine + ELEMENT25519, chosen + 32);
  const xy = affine + 2 * ELEMENT25519;
  unpack(xy, chosen + 64);
  for (let i = 0; i < ELEMENT25519; i += 8) store<u64>(xy + i, (load<u64>(xy + i) ^ sign) - sign);
}

/** 32 bytes into nine limbs of 29 bits. */
function unpack(out: usize, words: usize): void {
  const mask: u64 = 0x1fffffff;
  const a = load<u64>(words), b = load<u64>(words, 8), c = load<u64>(words, 16), d = load<u64>(words, 24);
  store<u64>(out, a & mask), store<u64>(out, a >> 29 & mask, 8), store<u64>(out, (a >> 58 | b << 6) & mask, 16);
  store<u64>(out, b >> 23 & mask, 24), store<u64>(out, (b >> 52 | c << 12) & mask, 32), store<u64>(out, c >> 17 & mask, 40);
  store<u64>(out, (c >> 46 | d << 18) & mask, 48), store<u64>(out, d >> 11 & mask, 56), store<u64>(out, d >> 40, 64);
}
