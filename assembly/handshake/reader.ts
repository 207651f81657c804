// Reads the vectors of the presentation language (RFC 9846 §3). A read past the end poisons the reader and gives 0,
// so that a parser reads straight on and asks once, at the end, whether all of it was there.

// @ts-ignore: decorator
@unmanaged
export class Reader {
  at: usize;
  end: usize;
  poisoned: i32;

  open(pointer: usize, length: i32): void {
    this.at = pointer;
    this.end = pointer + length;
    this.poisoned = 0;
  }

  /** Bytes that are left. */
  left(): i32 {
    return (this.end - this.at) as i32;
  }

  /** Address of the next `length` bytes, stepping over them; 0 where there are fewer. */
  take(length: i32): usize {
    if (this.poisoned || length < 0 || length > this.left()) {
      this.poisoned = 1;
      this.at = this.end;
      return 0;
    }
    const pointer = this.at;
    this.at += length;
    return pointer;
  }

  u8(): i32 {
    const p = this.take(1);
    return p == 0 ? 0 : load<u8>(p);
  }

  u16(): i32 {
    const p = this.take(2);
    return p == 0 ? 0 : bswap<u16>(load<u16>(p));
  }

  u24(): i32 {
    const high = this.u8();
    return high << 16 | this.u16();
  }

  u32(): u32 {
    const p = this.take(4);
    return p == 0 ? 0 : bswap<u32>(load<u32>(p));
  }

  /** 1 where every read was within bounds and nothing is left. */
  complete(): i32 {
    return !this.poisoned && this.at == this.end ? 1 : 0;
  }
}

/** Bytes that a static Reader takes: `changetype<Reader>(memory.data(READER_SIZE, 4))`. */
export const READER_SIZE: i32 = 12;
