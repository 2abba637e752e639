/** What a script's operation is called with; null and undefined do not occur. */
export type Argument = string | Buffer | number;

export interface NamedOperation {
  readonly name: string;
  readonly args: readonly Argument[];
}

/** https://github.com/msgpack/msgpack/blob/master/spec-old.md, which is what `cmsgpack` in Redis reads. */
const code = { array: 0x90, array32: 0xdd, raw: 0xa0, raw16: 0xda, raw32: 0xdb, double: 0xcb, u16: 0xcd, u32: 0xce };
const widestHead = 9;
/** Longer texts are cheaper to write by Node's own encoder. */
const shortText = 40;

/**
 * The operations of a call as one value: MessagePack, an array of name, array of arguments, name …
 * Redis turns it into Lua's tables many times faster than as many arguments of a command.
 */
export function packOperations(operations: readonly NamedOperation[]): Buffer {
  const writer = new Writer();
  writer.array(operations.length * 2);
  for (const { name, args } of operations) {
    writer.text(name);
    writer.array(args.length);
    for (const arg of args) {
      if (typeof arg === 'number') writer.number(arg);
      else if (typeof arg === 'string') writer.text(arg);
      else writer.bytes(arg);
    }
  }
  return writer.written();
}

class Writer {
  #buffer = Buffer.allocUnsafe(8192);
  #at = 0;

  written(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  array(length: number): void {
    this.#reserve(widestHead);
    if (length < 16) this.#byte(code.array | length);
    else this.#head(code.array32, length);
  }

  number(value: number): void {
    this.#reserve(widestHead);
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
      if (value < 128) this.#byte(value);
      else if (value < 65_536) this.#head16(code.u16, value);
      else this.#head(code.u32, value);
      return;
    }
    this.#byte(code.double);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  text(value: string): void {
    this.#reserve(widestHead + value.length * 3);
    if (value.length <= shortText && this.#ascii(value)) return;
    this.#rawHead(Buffer.byteLength(value));
    this.#at += this.#buffer.write(value, this.#at);
  }

  bytes(value: Buffer): void {
    this.#reserve(widestHead + value.length);
    this.#rawHead(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** False, and nothing written, when a character is not ASCII. */
  #ascii(value: string): boolean {
    const start = this.#at;
    this.#rawHead(value.length);
    const buffer = this.#buffer;
    let to = this.#at;
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at);
      if (unit > 127) {
        this.#at = start;
        return false;
      }
      buffer[to] = unit;
      to += 1;
    }
    this.#at = to;
    return true;
  }

  #rawHead(length: number): void {
    if (length < 32) this.#byte(code.raw | length);
    else if (length < 65_536) this.#head16(code.raw16, length);
    else this.#head(code.raw32, length);
  }

  #byte(value: number): void {
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  #head16(type: number, value: number): void {
    this.#byte(type);
    this.#at = this.#buffer.writeUInt16BE(value, this.#at);
  }

  #head(type: number, value: number): void {
    this.#byte(type);
    this.#at = this.#buffer.writeUInt32BE(value, this.#at);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}
