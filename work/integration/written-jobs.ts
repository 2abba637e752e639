/** A script, and the bytes that it writes to its streams, in their order. */
export interface WrittenJob {
  script: string;
  bytes: Buffer;
}

/** Numbers from 0 to below 1 that are the same for the same seed. Mulberry32, by Tommy Ettinger. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every way in which a shell writes to the standard streams; each takes what is piped or printed by the command. */
const ways: ((command: string) => string)[] = [
  (command) => command,
  (command) => `${command} >&2`,
  (command) => `${command} > /dev/stdout`,
  (command) => `${command} > /dev/stderr`,
  (command) => `${command} >> /dev/stdout`,
  (command) => `${command} >> /dev/stderr`,
  (command) => `${command} > /dev/stderr 2>&1`,
  (command) => `${command} | tee /dev/stderr > /dev/null`,
  (command) => `${command} | tee -a /dev/stderr > /dev/null`,
  (command) => `{ ${command}; } 2>&1`,
];
/** Shells other than dash have it; there it would run the command in the background. */
const bothWay = (command: string): string => `${command} &> /dev/stdout`;

const octal = (bytes: Buffer): string => [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/** A command that prints bytes, and those bytes. */
function printed(random: () => number): [string, Buffer] {
  const upTo = (count: number): number => Math.floor(random() * count);
  switch (upTo(6)) {
    case 0: {
      const bytes = Buffer.from(Array.from({ length: 1 + upTo(40) }, () => upTo(256)));
      return [`printf '${octal(bytes)}'`, bytes];
    }
    case 1: {
      const text = `${String(upTo(100))} %\r${String(upTo(100))} %\r`;
      return [`printf '${octal(Buffer.from(text))}'`, Buffer.from(text)];
    }
    case 2:
      return [`printf 'no newline'`, Buffer.from('no newline')];
    case 3: {
      const count = 1 + upTo(20_000);
      const lines = Array.from({ length: count }, (_, at) => `${String(at)}\n`).join('');
      return [`awk 'BEGIN { for (i = 0; i < ${String(count)}; i++) print i }'`, Buffer.from(lines)];
    }
    case 4: {
      const count = 1 + upTo(20_000);
      const long = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0')).join('');
      const program = `BEGIN { for (i = 0; i < ${String(count)}; i++) printf "%06d", i; print "" }`;
      return [`awk '${program}'`, Buffer.from(`${long}\n`)];
    }
    default:
      return [`printf 'größe und ähre\\n'`, Buffer.from('größe und ähre\n')];
  }
}

/** @param hasBoth the shell knows `&>`. */
export function writeJob(seed: number, hasBoth: boolean): WrittenJob {
  const random = seeded(seed);
  const possible = hasBoth ? [...ways, bothWay] : ways;
  const written: Buffer[] = [];
  const commands = Array.from({ length: 40 }, () => {
    const [command, bytes] = printed(random);
    written.push(bytes);
    return possible[Math.floor(random() * possible.length)]?.(command) ?? command;
  });
  // A short line without a newline ends it: where the daemon of Docker has broken a line, it adds one (executors.md).
  return {
    script: [...commands, 'echo', 'printf end'].join('\n'),
    bytes: Buffer.concat([...written, Buffer.from('\nend')]),
  };
}
