// Fixed public-key inputs: verification works on public values and is not constant-time, so a fresh signature each
// run would count differently. Checked by test/boards/bench against node:crypto.

const hex = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** The message that all signatures here are for. */
export const message = new TextEncoder().encode('sample');

/** RFC 6979 §A.2.5, SHA-256: the public point, and r and s. */
export const p256 = {
  point: hex(`04
    60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
    7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299`),
  signature: hex(`3046
    022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
    022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8`),
};

/** RSASSA-PKCS1-v1_5 with SHA-256 by a key made for this and thrown away; e = 65537. */
export const rsa2048 = {
  modulus: hex(`
    ae649201c87ef3f8274cdabc766f562ced8f1e69ceb5ae5530792892dca9bd88d3e2ea7d2174fb33549bbc1750dc3a42
    69b973f0d9aa7636be6155c547f083a0f6c0a894d256b2852d974172f7b0319f8a5d9997652d4a92b8eaa29f8037b32c
    561634501decfe1b0cd2682df0d2ae5dbdd3cb20aada502bed5a402498207190b649e0b732f2efd97127d59a268337d1
    6c5564f2980f2b8fd06bc7eacd2382bd8d12863d5e1305a5759ba5d5cd18984f6f4b78e5bd0aced1ca60505a1648fade
    b70f6a3acd365ca86a6b2551f4bc2d7a462a0db3fc19d6e7d0070be032f4b0995bef2aa9013cb36e7655128386a58e07
    9f917a97cd3a4b1338e2b6d32ca7879f`),
  exponent: hex('010001'),
  signature: hex(`
    07bc1c4eccbbcf3776f6b6d089f5e89b286c9bb4f19504748de3ff69056aca6dc8b9c322ab2a38f3fb0b942629b14374
    4feb698efa33c2db109b4766aad1ccdcf6f4d12fbaafe5d8320e3e4ab9c68e47ef6d86ebaf0fcba2bf0448718889c902
    5d1027665e8d49c0a6e6e1242eca534140771c387d622db2a84c9a9323435977eb821b055ca1d740417d0f99d46588e7
    e43df5f9edcc3a88941a2b6285e278a1af4f808247bb569a66663a5e20f78d870004274983355a943e1a46af457fb56a
    f9692072fe1038f9ff1c395ab5fc51d6cfeef76df69888df960def941b8df72b6aa0fe53f637c45f9b58e4669aacc574
    dad0adf84677e820b1b1c01180d59daa`),
};
