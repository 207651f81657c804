// The driver's script, made from calls with secrets.

/** A place in the program's memory. */
export interface Room {
  index: number;
  length: number;
}

export class Script {
  readonly #lines: string[] = [];
  #rooms = 0;

  /** What comes until the next case. `name` has no spaces. */
  case(name: string): this {
    this.#rooms = 0;
    this.#lines.push(`case ${name}`);
    return this;
  }

  room(length: number): Room {
    const index = this.#rooms++;
    this.#lines.push(`room ${index} ${length}`);
    return { index, length };
  }

  bytes(bytes: Uint8Array): Room {
    const room = this.room(Math.max(1, bytes.length));
    for (let at = 0; at < bytes.length; at += 16_000) {
      const hex = Buffer.from(bytes.subarray(at, at + 16_000)).toString('hex');
      this.#lines.push(`bytes ${room.index} ${at} ${hex}`);
    }
    return room;
  }

  /** Bytes that valgrind takes for undefined. */
  secret(bytes: Uint8Array): Room {
    const room = this.bytes(bytes);
    this.hide(room);
    return room;
  }

  /** Makes bytes of a room secret that were public. */
  hide(room: Room, offset = 0, length = room.length): void {
    this.#lines.push(`secret ${room.index} ${offset} ${length}`);
  }

  /** Makes a room public: what is in it goes over the wire. */
  show(room: Room): void {
    this.#lines.push(`public ${room.index} 0 ${room.length}`);
  }

  call(name: string, ...args: (Room | number | [Room, number])[]): void {
    const words = args.map((arg) => {
      if (typeof arg === 'number') return arg >>> 0;
      return Array.isArray(arg) ? `$${arg[0].index}+${arg[1]}` : `$${arg.index}`;
    });
    this.#lines.push(`call ${[name, ...words].join(' ')}`);
  }

  /** As the driver reads it. */
  text(): string {
    return [...this.#lines, 'end', ''].join('\n');
  }
}
