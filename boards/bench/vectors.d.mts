type Bytes = Uint8Array<ArrayBuffer>;

export const message: Bytes;
export const p256: { readonly point: Bytes; readonly signature: Bytes };
export const rsa2048: { readonly modulus: Bytes; readonly exponent: Bytes; readonly signature: Bytes };
