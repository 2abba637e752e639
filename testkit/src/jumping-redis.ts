import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before } from 'mocha';

export interface JumpingClock {
  /** Replaces `redis-server`. */
  readonly program: string;
  /** The environment for other programs that must see the same clock. */
  readonly env: Readonly<Record<'LD_PRELOAD' | 'CHAINR_CLOCK_FILE', string>>;
  /** Sets how far the clock of Redis is ahead; negative: behind. Its monotonic clock stays true. */
  set(aheadMs: number): Promise<void>;
}

export interface JumpingClocks {
  /** Creates a clock for one Redis. It shows the true time at first. */
  make(): Promise<JumpingClock>;
}

const source = fileURLToPath(new URL('shifted-clock.c', import.meta.url));
const compilers = ['cc', 'gcc', 'clang'];

/** Clocks for the tests of a suite. The suite is skipped if this machine cannot provide them. */
export function useJumpingClocks(): JumpingClocks {
  let folder: string;
  let made = 0;
  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-clock-'));
    const why = await compile(libraryIn(folder));
    if (why === undefined) return;
    console.log(`      left out: ${why}`);
    this.skip();
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return {
    make: () => {
      made += 1;
      return makeClock(path.join(folder, String(made)), libraryIn(folder));
    },
  };
}

const libraryIn = (folder: string): string => path.join(folder, 'shifted-clock.so');

/** @returns why it is impossible, or undefined once the library exists */
async function compile(library: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'only on Linux the clock of a Redis can be made to jump (LD_PRELOAD)';
  for (const compiler of compilers) {
    try {
      await promisify(execFile)(compiler, ['-O2', '-shared', '-fPIC', '-o', library, source]);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return `${compiler} cannot compile ${source}: ${String(error)}`; // prettier-ignore
    }
  }
  return `there is no C compiler (${compilers.join(', ')}) to make a clock that jumps`;
}

async function makeClock(folder: string, library: string): Promise<JumpingClock> {
  await mkdir(folder);
  const program = path.join(folder, 'redis-server');
  const file = path.join(folder, 'offset-ns');
  await writeFile(file, Buffer.alloc(8));
  await writeFile(
    program,
    `#!/bin/sh\nexec env LD_PRELOAD='${library}' CHAINR_CLOCK_FILE='${file}' redis-server "$@"\n`,
  );
  await chmod(program, 0o755);
  return {
    program,
    env: { LD_PRELOAD: library, CHAINR_CLOCK_FILE: file },
    set: async (aheadMs) => {
      const bytes = Buffer.alloc(8);
      const ns = BigInt(aheadMs) * 1_000_000n;
      if (endianness() === 'LE') bytes.writeBigInt64LE(ns);
      else bytes.writeBigInt64BE(ns);
      const mapped = await open(file, 'r+'); // Never truncated: Redis reads it through a mapping.
      await mapped.write(bytes);
      await mapped.close();
    },
  };
}
