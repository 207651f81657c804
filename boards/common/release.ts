// Which firmware this is. The same sources give the same bytes, so no clock is asked when it is built.

export const FIRMWARE = '0.2.0';

/** 1 November 2026, in milliseconds since 1970: no build of these sources is older. */
export const BUILT_AT = 1_793_491_200_000;
