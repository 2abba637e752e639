/** What a script's reply is made of; its strings are texts. */
export type Reply = string | number | Reply[];

/** Reads the MessagePack that `cmsgpack` in Redis writes: numbers, strings and arrays. */
export function unpackReply(bytes: Buffer): Reply[] {
  const reader = new Reader(bytes);
  const value = reader.next();
  if (!Array.isArray(value)) throw new TypeError('the library did not answer with an array');
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): Reply {
    const type = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 256;
    if (type >= 0xa0 && type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0x90 && type < 0xa0) return this.#array(type & 0x0f);
    return this.#wide(type);
  }

  #wide(type: number): Reply {
    const at = this.#at;
    switch (type) {
      case 0xcc:
      case 0xd9: {
        this.#at += 1;
        const value = this.#bytes.readUInt8(at);
        return type === 0xcc ? value : this.#text(value);
      }
      case 0xcd:
      case 0xda:
      case 0xdc: {
        this.#at += 2;
        const value = this.#bytes.readUInt16BE(at);
        if (type === 0xcd) return value;
        return type === 0xda ? this.#text(value) : this.#array(value);
      }
      case 0xce:
      case 0xdb:
      case 0xdd: {
        this.#at += 4;
        const value = this.#bytes.readUInt32BE(at);
        if (type === 0xce) return value;
        return type === 0xdb ? this.#text(value) : this.#array(value);
      }
      case 0xcf:
        this.#at += 8;
        return Number(this.#bytes.readBigUInt64BE(at));
      case 0xcb:
        this.#at += 8;
        return this.#bytes.readDoubleBE(at);
      default:
        throw new RangeError(`the library answered with the unknown type ${type.toString(16)}`);
    }
  }

  #text(length: number): string {
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', from, this.#at);
  }

  #array(length: number): Reply[] {
    const items: Reply[] = [];
    for (let place = 0; place < length; place += 1) items.push(this.next());
    return items;
  }
}
