import type { Redis } from 'ioredis';

/** Every key with its whole value, as text; binary values byte by byte. */
export async function readAllKeys(client: Redis): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor = '0';
  do {
    const [next, names] = await client.scan(cursor, 'COUNT', 1000);
    for (const name of names) found.set(name, await readKey(client, name));
    cursor = next;
  } while (cursor !== '0');
  return found;
}

async function readKey(client: Redis, name: string): Promise<string> {
  const type = await client.type(name);
  switch (type) {
    case 'string':
      return textOf(await client.getBuffer(name));
    case 'hash':
      return textOf(await client.hgetallBuffer(name));
    case 'list':
      return textOf(await client.lrangeBuffer(name, 0, -1));
    case 'zset':
      return textOf(await client.zrangeBuffer(name, '0', '-1'));
    case 'set':
      return textOf(await client.smembersBuffer(name));
    case 'stream':
      return textOf(await client.xrangeBuffer(name, '-', '+'));
    case 'none':
      return ''; // It has expired meanwhile.
    default:
      throw new Error(`${name} is a ${type}, which nobody reads here`);
  }
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .flatMap(([field, held]) => [field, textOf(held)])
      .join('\n');
  }
  return typeof value === 'string' ? value : '';
}
