/** A script for a POSIX shell, and the bytes that it writes to its standard streams, in order. */
export interface WrittenScript {
  run: string;
  bytes: Buffer;
}

/** Pseudo-random numbers from 0 to below 1, the same for the same seed: Mulberry32, by Tommy Ettinger. */
export function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** All ways in which a shell writes to the standard streams. Each takes a command that prints to its stdout. */
const ways: readonly ((command: string) => string)[] = [
  (command) => command,
  (command) => `${command} >&2`,
  (command) => `${command} > /dev/stdout`,
  (command) => `${command} > /dev/stderr`,
  (command) => `${command} >> /dev/stdout`,
  (command) => `${command} >> /dev/stderr`,
  (command) => `${command} > /dev/stdout 2>&1`,
  (command) => `${command} > /dev/stderr 2>&1`,
  (command) => `{ ${command}; } 2>&1`,
  (command) => `${command} | tee /dev/stderr > /dev/null`,
  (command) => `${command} | tee -a /dev/stderr > /dev/null`,
];
/** Shells other than dash have this. In dash it would run the command in the background. */
const ampersand = (command: string): string => `${command} &> /dev/stdout`;

/**
 * A random script of so many commands: short and long lines, with and without newlines, progress bars, text and any
 * bytes, floods, with all ways to name a stream. It ends with a short line without a newline, since the Docker daemon
 * adds a newline after a line that it has split (executors.md).
 * @param floods the share of the commands that are floods, from 0 to 1; these have some 90 kB each
 * @param hasAmpersand whether the shell knows `&>`
 */
export function writeScript(
  random: () => number,
  count: number,
  { floods, hasAmpersand = false }: { floods: number; hasAmpersand?: boolean },
): WrittenScript {
  const below = (end: number): number => Math.floor(random() * end);
  const shortOnes: readonly (() => WrittenScript)[] = [
    () => printed(Buffer.from(`line ${below(1e6)}\n`)),
    () => printed(Buffer.from(`no newline ${below(1e6)} `)),
    () => printed(Buffer.from(`${below(100)} %\r${below(100)} %\r`)),
    () => printed(Buffer.from('größe 🙂\r\n\n')),
    () => printed(Buffer.from(Array.from({ length: 1 + below(40) }, () => below(256)))),
  ];
  const longOnes: readonly (() => WrittenScript)[] = [
    () => unbroken(1 + below(300_000)),
    () => numberLines(1 + below(20_000)),
    () => longLine(1 + below(20_000)),
  ];
  const possible = hasAmpersand ? [...ways, ampersand] : ways;
  const commands = Array.from({ length: count }, (): WrittenScript => {
    // tee writes a piece to its stdout first, so the piece is short.
    if (random() < 0.1) return twice(printed(Buffer.from(Array.from({ length: 40 }, () => below(256)))));
    const { run, bytes } = pick(random() < floods ? longOnes : shortOnes, random)();
    return { run: pick(possible, random)(run), bytes };
  });
  return {
    run: [...commands.map(({ run }) => run), 'echo', 'printf end'].join('\n'),
    bytes: Buffer.concat([...commands.map(({ bytes }) => bytes), Buffer.from('\nend')]),
  };
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

/** printf(1) with every byte as an octal escape. */
function printed(bytes: Buffer): WrittenScript {
  const escapes = Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return { run: `printf '${escapes.join('')}'`, bytes };
}

function twice({ run, bytes }: WrittenScript): WrittenScript {
  return { run: `${run} | tee -a /dev/stderr`, bytes: Buffer.concat([bytes, bytes]) };
}

/** A flood without any newline. */
function unbroken(length: number): WrittenScript {
  return { run: `yes abcdefg | tr -d '\\n' | head -c ${length}`, bytes: Buffer.alloc(length, 'abcdefg') };
}

/** A flood of short lines. */
function numberLines(count: number): WrittenScript {
  const lines = Array.from({ length: count }, (_, at) => `${at}\n`);
  return { run: `awk 'BEGIN { for (i = 0; i < ${count}; i++) print i }'`, bytes: Buffer.from(lines.join('')) };
}

/** One line of up to 120 kB, written in many pieces. */
function longLine(count: number): WrittenScript {
  const parts = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'));
  const run = `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "%06d", i; print "" }'`;
  return { run, bytes: Buffer.from(`${parts.join('')}\n`) };
}
