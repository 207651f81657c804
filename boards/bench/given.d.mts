type Bytes = Uint8Array<ArrayBuffer>;

export function filledBytes(length: number, seed: number): Bytes;
export function mustBe(expected: Uint8Array): (bytes: Uint8Array) => void;
export function sealed(
  cipher: string,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  data: Uint8Array,
): Buffer;
export function digested(name: string, data: Uint8Array): Buffer;
export function authenticated(name: string, key: Uint8Array, data: Uint8Array): Buffer;
export function cbcEncrypted(cipher: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer;
export function expanded(name: string, secret: Uint8Array, labelAndSeed: Uint8Array, length: number): Buffer;
export function cbcRecord(record: {
  key: Uint8Array;
  iv: Uint8Array;
  macKey: Uint8Array;
  mac: string;
  sequence: number;
  type: number;
  data: Uint8Array;
  padding?: number;
  alter?: (plain: Buffer) => void;
}): Buffer;
