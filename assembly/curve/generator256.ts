// P-256's generator: its multiples in tables, so that keys and nonces cost a third of a general multiplication.
import { COORDINATE_MAX, curveOrder, loadOne } from "./field";
import { addAffine, doublePoint, negatePoint, POINT, wipePoints, Y, Z } from "./point";

// Affine points, x then y, four words each, in Montgomery form (R = 2^261).

/** G, 3 G, 5 G … 31 G. */
const oddMultiples = memory.data<u64>([
  0x3ce61a8315228783, 0xb752bf88fdb6c02f, 0x3f6e656eec44a20e, 0x120beed7a6eab8cc,
  0xbe4a6af9d2aac150, 0x69571c87433c8b9b, 0x5d10d11ba43e64b1, 0xae3fe314b10bb0aa,
  0xf587f209dd7824e4, 0x4ff093d0fb03f7f, 0xd5aefbb0f9779316, 0xd26d47fadfee8fc8,
  0x98b83f93074fd7a, 0x7c8f5870c3fc356, 0x1041062345dd31cb, 0xbe0d4556b0f980d5,
  0xc37155d88b8c3eb9, 0x1d8c9339972a6fb7, 0x8396b55a0ed84192, 0x20f2c0ca20a478f9,
  0x6613695cf749e20e, 0x78ad1deebd71057d, 0xa81530efcf43ed0e, 0x740ed773ba3d22b8,
  0xe8c6a9d402e769e2, 0x7a40427847801ee0, 0x87d556a184776105, 0x774a233a6247c07c,
  0x8fa0607eb73a9bd, 0xe85e5e2eb4cf7ba5, 0xf2677b8ef92832ac, 0x5dbb22cac4810ce0,
  0xb92dd1e4c9c41d1c, 0x7cd7fd8f34f5082e, 0x98138088991d6015, 0xb66103a189c2d49,
  0xd6eeef548be66281, 0xd5ef7db8cba8bc63, 0x6dc033511625e34a, 0xccb39c0b06bf364,
  0x4fa4c14c48bc8087, 0xbc80f2a6cffbfc1d, 0xfe7482b1b58356b3, 0xce121e3393920e5c,
  0x4ed0ac257289d10d, 0xa1f273cfafec3903, 0x81b55123d5ac87a4, 0x1260048924b711b4,
  0x9884ac6965dae12e, 0xc6aced22adfa61b9, 0x979a87eab3d30221, 0x708ef59872b6eb29,
  0xaea5721801dc2fff, 0xe9071ef85da5c66, 0x9a0c8457a3eb782d, 0x7810ed583cf6f2d0,
  0x579b16f78c00ab7c, 0x79847daedc4fc96e, 0xc66e849c90326e00, 0x5541c87d5a7b4121,
  0x170a49ec70788ba4, 0xecc6aa84548364a8, 0x9df4dbcef148f2fa, 0x842e1520f35be88,
  0xe123b97aa78b93b8, 0x2ec496bd8142ef72, 0x1e272ea59fc5bffe, 0x346b81658f4ae9be,
  0x4fa628d27cf330fd, 0xaeb7e600139701c4, 0xe9c48fe1a3107760, 0x7aa244e34e9879e8,
  0xd5225754acb35d1f, 0x6c75725bc342ddf, 0x10844eeea588358d, 0xca8b852412f87f78,
  0xa6dd3cfb898d2d7e, 0xc48941752ef8a5, 0xaccbd37c72a1182b, 0xe41dc4cba24b2f52,
  0xc5c99d9826b6411d, 0x9c364c8bf07e8faa, 0xa54a0d8b47e7660e, 0x9d5b3eb52cec5f70,
  0x53ba965c50dcb738, 0x61f5b7f877678c3e, 0x4ea047cff5853483, 0x10dabe5128eff457,
  0x9f0eca65bc8a0d15, 0xf8f4fcfec5c3edde, 0x104bf4546b080d26, 0xe59d4f97e4f7e845,
  0x6c149f73c8f0b530, 0xbfb49374e533e940, 0xd1c26e3585ee3c, 0x7a0d0f820eeccdd9,
  0x9463359b06f0f3f2, 0xf83693cbad6cf614, 0x72b326665e3e75ed, 0xcce85d7ea86545ca,
  0x71b93fd692cc450f, 0xd98c62397e872a09, 0x40d10b3936e63dd2, 0x7291b879def32cf3,
  0x85855e92fc5fd693, 0x6d485ae2d7ee6260, 0x3a593d6109ffbafa, 0xf154a978def8ed36,
  0x4016f741312bce05, 0x7a18cdf6b6ff6b12, 0xb2fa210f1d699767, 0xa8620d20097bc620,
  0xcbb68d596cdc265c, 0x37d2c725b24b100b, 0x894e04e062f73c5e, 0x4cdf2b450c07a8f6,
  0x1b6cce6b84111326, 0x8e488ee5f631473, 0x52cd272eef8c33f2, 0xf302854b477c436b,
  0x5ee78d2ceabff132, 0xa79efcd6e602fcdc, 0xdead13a79eec01bb, 0x91b89f283f90f67f,
  0x3d3fd029d4a6533e, 0xb24394351d6c051b, 0x5d9dbfa193007f85, 0x715d1247af68e8a1,
]);

/** 2^208 G ± 2^156 G ± 2^104 G ± 2^52 G ± G; bit t of the index gives the sign of 2^(52 t) G, 1 for plus. */
const comb = memory.data<u64>([
  0xb417d166e01bd761, 0xbd826abf5092983, 0xe69324ce01ec6201, 0xfb3bce52b33c5efa,
  0xfb81bb3639cdd455, 0x1287feb819c60a7a, 0xff0dd6028ea26b0a, 0xbf049b8727cbfdff,
  0xe5d96ebe0b9487d0, 0x3cf5c33ca32904b7, 0xdd5da6c33865394a, 0xd96d086b692ca1ad,
  0x350fd4f7db081dc1, 0xe16933cf8321caa9, 0xbf4fd79ea5ef8544, 0x54519a5178feb201,
  0x48a7f44abf15dea8, 0x1815db18922e390b, 0x33d138f6f375539c, 0x1ffcb1e6a8a44afa,
  0x6ec2337261a56fa5, 0x6d0f549aaa217f73, 0x748e70e8929e65ef, 0x3d593816950eec01,
  0x1c19e66e694e7c91, 0x85880944fedb15ca, 0x4bf5e89dafe9340b, 0x206fe8a2c7f607d6,
  0x1f1505f1b1c9088, 0xfad2015ba0d562f4, 0x76dcfd6d2a800b43, 0xdaa44da97567a324,
  0x9d80181c6361dc92, 0x80acd6980ea34f63, 0x8ea2b80aae0590ff, 0x5beef83b98068f87,
  0x1132b9c888138dee, 0x95983c3cdb0acb8a, 0x3d0ba5415ecb11e9, 0x86513ac13347459c,
  0xafe1e2d87f8d2bc0, 0x2686b0f57119bc8e, 0x9940b549f3d6a0cb, 0x4f08cccec82dbcc1,
  0xc8d0ca4072c43945, 0x697ec601843d08b9, 0x1e7450932eb3d44d, 0xdbcd5aed1797e35e,
  0x635a9d222a5d603d, 0x291e4ea2a990dc36, 0xec2846adcbaee184, 0x7c35d818bca81399,
  0x409bee93bab7afce, 0xb97eba242495969d, 0xb14fb6e0e105154a, 0x5a9cba3168fe5099,
  0x538ef8a067576f7e, 0x352eee6de3ac7925, 0x4e2a04b199aa9d4c, 0xd1a022c4d03e37c2,
  0x28b9047b9c59f49d, 0xa0a02b875af451be, 0x4f5f8cdcbfdb8ab6, 0xe03632fee7606090,
  0x4f6af7074e318b98, 0xa24cde205ca35352, 0xd5af22cab61737a4, 0x356034800b1f5155,
  0x4de72c9075eca28f, 0x79d3196465e5fb7b, 0x22193886058acdd6, 0x4c449f9c236aa6c2,
  0x7707d4feaf9ba246, 0xb34fc9d8c3c8dd98, 0x1eb90facbe89ab37, 0x6d40605dd29dd41e,
  0x58285bdb67c14af9, 0xda1946a04982d139, 0xe941cb84e7d23415, 0x833b54a86f583b26,
  0x8522b864d17e2d68, 0x827a32896f2e1de4, 0x7df0c090f93470a7, 0x34a25c18c80ec5a5,
  0x9ad7582ca37f0b09, 0xec61e63f19da909f, 0x194ee730ae4f6e2, 0x14e7af109dc25990,
  0xd7152868860a4146, 0xbce40b4998a072d9, 0x602a9ba9e3257054, 0x4bd63bc0296fb4b2,
  0xd3a84e9f18cbb946, 0x7c6e44d93e439b7f, 0x55a0d0acc68322f7, 0x8115f117f1df221d,
  0x9dc6a3242f1f708b, 0x2ed3877b9bbfd67f, 0x690db344331766b7, 0xf8b4ba89a9e1312,
  0xa06aefb0cd8bc3a0, 0xc434c7a35bff972f, 0x4176cada77bf1dd8, 0xbca1eae40bbb0c2d,
  0x244a42f39462e0b7, 0xcdd59793369e29e1, 0xa0d9a668c2c1ee97, 0xaef1ab541c7a7b35,
  0xecb1cf1b599efe94, 0xb71f9d1a5f5a6722, 0xb3be6fbee0c6454b, 0xba8eec9715d9606b,
  0x2359f406c45cd826, 0x86433e95adc4cb69, 0x88340003d82a275d, 0x55622ae7672d3dca,
  0x6720921607ca61, 0xadc43b74d4a8a9ee, 0x18ab71f761cc4cf3, 0x360a7ec6ddbe612,
  0xc8fbaa04fd5f9816, 0x7be208278fccdb77, 0x192effef149bbba4, 0xa2acbb09a5a2a5ad,
  0x9ed4daaf1e949bca, 0x782b6405b0d65944, 0xc9a7383a7687957, 0xa490ccf44401072a,
]);
// @ts-ignore: decorator
@inline
const ENTRY = 64;

const packed = memory.data(ENTRY, 16);
const chosen = memory.data(POINT, 16);
const negated = memory.data(POINT, 16);
const odd = memory.data(COORDINATE_MAX, 16);

/**
 * out = scalar · G on P-256, which is the selected curve, for a little-endian scalar in [1, n-1].
 *
 * An odd scalar is a sum of ±2^i for i = 0 … 259, and five of these, 52 apart, make one digit of a comb. Constant-time
 * in the scalar: each digit reads the whole table, and signs are taken by masks.
 */
export function multiplyGenerator256(out: usize, scalar: usize): void {
  // n is odd: where the scalar is even, n - scalar is odd and gives the negative of the result.
  const even = ((load<u8>(scalar) as i32) & 1) - 1;
  const order = curveOrder();
  let borrow = 0;
  for (let i = 0; i < 32; i++) {
    const digit = load<u8>(scalar + i) as i32;
    borrow += (load<u8>(order + i) as i32) - digit;
    store<u8>(odd + i, digit ^ ((digit ^ borrow) & even));
    borrow >>= 8;
  }
  store<u64>(odd, 0, 32);
  choose(51);
  memory.copy(out, chosen, POINT);
  loadOne(out + Z);
  for (let i = 50; i >= 0; i--) {
    doublePoint(out, out);
    choose(i);
    // Twice the sum is even and the digit D odd, so that they can only be equal modulo n, and that only in the last
    // addition, where the sum is near n: for the scalars n + 2 D. None of these sixteen has D for its last digit.
    addAffine(out, out, chosen);
  }
  negatePoint(negated, out);
  move(out, negated, even as i64);
  memory.fill(packed, 0, ENTRY);
  memory.fill(chosen, 0, POINT);
  memory.fill(negated, 0, POINT);
  memory.fill(odd, 0, COORDINATE_MAX);
  wipePoints();
}

/** 1 where the sign of 2^i is plus, for i = 0 … 259: the odd scalar's bit i + 1, and plus for the last. */
function signAt(i: i32): i32 {
  i++;
  return ((load<u8>(odd + (i >> 3)) >> (i & 7)) & 1) | (i == 260 ? 1 : 0);
}

/** chosen = the comb's digit for the column; reads all sixteen entries. */
function choose(column: i32): void {
  const minus = signAt(column + 208) - 1;
  let index = signAt(column) | (signAt(column + 52) << 1);
  index |= (signAt(column + 104) << 2) | (signAt(column + 156) << 3);
  index = (index ^ minus) & 15;
  let w0: u64 = 0, w1: u64 = 0, w2: u64 = 0, w3: u64 = 0, w4: u64 = 0, w5: u64 = 0, w6: u64 = 0, w7: u64 = 0;
  for (let i = 0; i < 16; i++) {
    const mask = (((i ^ index) - 1) >> 31) as i64 as u64;
    const entry = comb + i * ENTRY;
    w0 |= load<u64>(entry) & mask;
    w1 |= load<u64>(entry, 8) & mask;
    w2 |= load<u64>(entry, 16) & mask;
    w3 |= load<u64>(entry, 24) & mask;
    w4 |= load<u64>(entry, 32) & mask;
    w5 |= load<u64>(entry, 40) & mask;
    w6 |= load<u64>(entry, 48) & mask;
    w7 |= load<u64>(entry, 56) & mask;
  }
  store<u64>(packed, w0);
  store<u64>(packed, w1, 8);
  store<u64>(packed, w2, 16);
  store<u64>(packed, w3, 24);
  store<u64>(packed, w4, 32);
  store<u64>(packed, w5, 40);
  store<u64>(packed, w6, 48);
  store<u64>(packed, w7, 56);
  unpack(chosen, packed);
  unpack(chosen + Y, packed + 32);
  const sign = minus as i64;
  for (let k = Y; k < Y + 72; k += 8) store<i64>(chosen + k, (load<i64>(chosen + k) ^ sign) - sign);
}

/** Four words to nine limbs. */
function unpack(out: usize, words: usize): void {
  const w0 = load<u64>(words);
  const w1 = load<u64>(words, 8);
  const w2 = load<u64>(words, 16);
  const w3 = load<u64>(words, 24);
  store<u64>(out, w0 & 0x1fffffff);
  store<u64>(out, (w0 >>> 29) & 0x1fffffff, 8);
  store<u64>(out, ((w0 >>> 58) | (w1 << 6)) & 0x1fffffff, 16);
  store<u64>(out, (w1 >>> 23) & 0x1fffffff, 24);
  store<u64>(out, ((w1 >>> 52) | (w2 << 12)) & 0x1fffffff, 32);
  store<u64>(out, (w2 >>> 17) & 0x1fffffff, 40);
  store<u64>(out, ((w2 >>> 46) | (w3 << 18)) & 0x1fffffff, 48);
  store<u64>(out, (w3 >>> 11) & 0x1fffffff, 56);
  store<u64>(out, (w3 >>> 40), 64);
}

/** out = p where the mask is -1. */
function move(out: usize, p: usize, mask: i64): void {
  for (let k = 0; k < POINT; k += 8) {
    const old = load<i64>(out + k);
    store<i64>(out + k, old ^ ((old ^ load<i64>(p + k)) & mask));
  }
}

/** Writes the affine point digit · G for an odd digit of -31 to 31. Public digits only. */
export function generatorMultiple256(out: usize, digit: i32): void {
  const entry = oddMultiples + (abs(digit) >> 1) * ENTRY;
  unpack(out, entry);
  unpack(out + Y, entry + 32);
  if (digit > 0) return;
  for (let k = Y; k < Y + 72; k += 8) store<i64>(out + k, -load<i64>(out + k));
}
