import { expect } from 'chai';
import { createHash } from 'node:crypto';
import type { AttemptSpec, OutputChunk } from '../src/port.js';
import { allow, attemptOf, bytesOf, needsOutput, never, withExecutor, type Place, type Row } from './place.js';
import { choosePieces, seededNumbers, type Piece } from './written-pieces.js';

const digest = (bytes: Buffer): string => `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;

/** Compares as much as the executor promises (docs/executors.md). */
function expectWritten(ordered: boolean, chunks: readonly OutputChunk[], pieces: Piece[], name: string) {
  const all = (of: 'stdout' | 'stderr' | 'both') => digest(Buffer.concat(pieces.map((piece) => piece[of])));
  if (ordered) {
    expect(digest(bytesOf(chunks)), name).to.equal(all('both'));
    return;
  }
  expect(digest(bytesOf(chunks, 'stdout')), `${name}, stdout`).to.equal(all('stdout'));
  expect(digest(bytesOf(chunks, 'stderr')), `${name}, stderr`).to.equal(all('stderr'));
}

/**
 * Reads as workers do that are killed: each gives up after some batches, and the next one goes on from a position that
 * was stored, which need not be the last one that was read.
 */
async function readWithKills(place: Place, spec: AttemptSpec, random: () => number): Promise<OutputChunk[]> {
  const stored: OutputChunk[] = [];
  let position = '';
  for (;;) {
    const batches = 1 + Math.floor(random() * 4);
    const ended = await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      let read = 0;
      for await (const batch of executor.logs(spec, position, never())) {
        read += 1;
        // Killed before this one was stored.
        if (read > batches) return false;
        stored.push(...batch.chunks);
        position = batch.position;
        executor.stored?.(spec, position);
      }
      return true;
    });
    if (ended) return stored;
  }
}

export const streamRows: Row[] = [
  ...[1, 2, 3, 4].map((seed): Row => {
    return {
      name: `keeps every byte, however it is written and whoever reads it dies: mixture ${seed}`,
      needs: needsOutput,
      run: (place, image) =>
        withExecutor(place, async (executor) => {
          const random = seededNumbers(seed);
          // A short end: Docker's daemon does not say whether a line that it has broken ended with a newline.
          const end = { run: `printf '\\nend'`, stdout: Buffer.from('\nend'), stderr: Buffer.alloc(0), both: Buffer.from('\nend') }; // prettier-ignore
          const steps = [1, 2].map(() => [...choosePieces(random, 30), end]);
          const spec = attemptOf(image, ...steps.map((pieces) => ({ run: pieces.map(({ run }) => run).join('\n') })));
          const live = await readWithKills(place, spec, random);
          expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
          for (const [index, pieces] of steps.entries()) {
            const chunks = live.filter(({ step }) => step === `step-${index}`);
            expectWritten(executor.capabilities.ordersStreams, chunks, pieces, `seed ${seed}, step ${index}`);
          }
        }),
    };
  }),
  {
    name: 'keeps every byte of a flood of 60 MB that comes faster than it is read',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const length = 60 * 1024 * 1024;
        const line = `${'some line '.repeat(10)}\n`;
        const spec = attemptOf(image, { run: `yes '${line.trimEnd()} ' | head -c ${length}; printf end >&2` });
        await executor.ensure(spec, allow);
        const hash = createHash('sha256');
        let count = 0;
        for await (const { chunks, position } of executor.logs(spec, '', never())) {
          for (const { bytes } of chunks) {
            hash.update(bytes);
            count += bytes.length;
          }
          executor.stored?.(spec, position);
        }
        const written = `${line.repeat(Math.ceil(length / line.length)).slice(0, length)}end`;
        expect(`${count} bytes, ${hash.digest('hex')}`).to.equal(digest(Buffer.from(written)));
      }),
  },
];
