/** Something that a job writes to its standard streams, and how. */
export interface Piece {
  /** A line of a POSIX shell. */
  run: string;
  stdout: Buffer;
  stderr: Buffer;
  /** What both streams are together, if that is known. */
  both: Buffer;
}

/** Numbers from 0 below 1, the same ones for the same seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Pieces by chance: short and long, with and without newlines, text and any bytes, in all ways to name a stream. */
export function choosePieces(random: () => number, count: number): Piece[] {
  const below = (end: number): number => Math.floor(random() * end);
  const words = (): Buffer => {
    const kinds = [
      () => Buffer.from(`line ${below(1e6)}\n`),
      () => Buffer.from(`no newline ${below(1e6)} `),
      () => Buffer.from(`${below(100)} %\r`),
      () => Buffer.from('größe 🙂\r\n\n'),
      () => Buffer.from(Array.from({ length: 1 + below(40) }, () => below(256))),
    ];
    return kinds[below(kinds.length)]?.() ?? Buffer.alloc(0);
  };
  return Array.from({ length: count }, () => {
    const bytes = random() < 0.1 ? Buffer.alloc(1 + below(300_000), 'abcdefg') : words();
    const print = bytes.length > 1000 ? repeat('abcdefg', bytes.length) : printed(bytes);
    const ways = [
      () => toStdout(print, bytes),
      () => toStdout(`${print} > /dev/stdout`, bytes),
      () => toStdout(`${print} >> /dev/stdout`, bytes),
      () => toStdout(`${print} > /dev/stdout 2>&1`, bytes),
      () => toStderr(`${print} >&2`, bytes),
      () => toStderr(`${print} > /dev/stderr`, bytes),
      () => toStderr(`${print} >> /dev/stderr`, bytes),
      () => toStderr(`${print} | tee /dev/stderr > /dev/null`, bytes),
      // What tee writes in one piece it writes to its stdout first.
      () => toBoth(`${printed(bytes.subarray(0, 40))} | tee -a /dev/stderr`, bytes.subarray(0, 40)),
    ];
    return ways[below(ways.length)]?.() ?? toStdout(print, bytes);
  });
}

const nothing = Buffer.alloc(0);
const toStdout = (run: string, bytes: Buffer): Piece => ({ run, stdout: bytes, stderr: nothing, both: bytes });
const toStderr = (run: string, bytes: Buffer): Piece => ({ run, stdout: nothing, stderr: bytes, both: bytes });
const toBoth = (run: string, bytes: Buffer): Piece => ({
  run,
  stdout: bytes,
  stderr: bytes,
  both: Buffer.concat([bytes, bytes]),
});

/** printf(1) with every byte as an octal escape. */
const printed = (bytes: Buffer): string =>
  `printf '${Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}'`;

const repeat = (word: string, length: number): string => `yes ${word} | tr -d '\\n' | head -c ${length}`;
