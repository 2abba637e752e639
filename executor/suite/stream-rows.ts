import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { seededNumbers, writeScript } from '@chainr/testkit/written-scripts';
import type { AttemptSpec, OutputChunk } from '../src/port.js';
import { allow, asKept, attemptOf, bytesOf, needsOutput, never, withExecutor, type Place, type Row } from './place.js';

const digest = (bytes: Buffer): string => `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * Reads like workers that are killed: each stops after some batches, and the next one continues from a stored position,
 * which need not be the last one that was read.
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

/** The first file is read to its end before a rotation can take anything: 10 MiB, of which timestamps are the smaller part. */
const leastOfRotated = 5 * 1024 * 1024;

/** Between the cuts no byte is missing: each piece is a part of the same lines, and the last one ends with `end`. */
function expectPiecesOf(line: string, pieces: readonly string[]): void {
  expect(pieces.at(-1)?.slice(-3), 'the end').to.equal('end');
  for (const [at, piece] of pieces.entries()) {
    const text = at === pieces.length - 1 ? piece.slice(0, -3) : piece;
    const from = at === 0 ? 0 : (line + line).indexOf(text.slice(0, line.length));
    expect(from, `where piece ${at} begins in a line: ${text.slice(0, line.length)}`).to.be.at.least(0);
    const wanted = line.repeat(Math.ceil(text.length / line.length) + 1).slice(from, from + text.length);
    expect(digest(Buffer.from(text)), `piece ${at}`).to.equal(digest(Buffer.from(wanted)));
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
          const scripts = [1, 2].map(() => writeScript(random, 30, { floods: 0.1 }));
          const spec = attemptOf(image, ...scripts.map(({ run }) => ({ run })));
          const live = await readWithKills(place, spec, random);
          expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
          const kept = scripts.map(({ bytes }) => asKept(executor, bytes));
          for (const [index, bytes] of kept.entries()) {
            const read = bytesOf(live, 'stdout', `step-${index}`);
            expect(digest(read), `seed ${seed}, step ${index}`).to.equal(digest(bytes));
          }
          expect(bytesOf(live).length, 'in all').to.equal(Buffer.concat(kept).length);
        }),
    };
  }),
  {
    name: 'keeps every byte of 60 MB of output that comes faster than it is read, or marks the cut',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const length = 60 * 1024 * 1024;
        const line = `${'some line '.repeat(10)}\n`;
        const spec = attemptOf(image, { run: `yes '${line.trimEnd()} ' | head -c ${length}; printf end >&2` });
        await executor.ensure(spec, allow);
        const hash = createHash('sha256');
        let count = 0;
        const pieces: Buffer[][] = [[]];
        for await (const { chunks, position } of executor.logs(spec, '', never())) {
          for (const { bytes, stream } of chunks) {
            if (stream === 'system') {
              pieces.push([]);
              continue;
            }
            hash.update(bytes);
            count += bytes.length;
            pieces.at(-1)?.push(bytes);
          }
          executor.stored?.(spec, position);
        }
        const written = `${line.repeat(Math.ceil(length / line.length)).slice(0, length)}end`;
        if (executor.capabilities.rotatesOutput && pieces.length > 1) {
          expect(count).to.be.within(leastOfRotated, written.length);
          expectPiecesOf(line, pieces.map((parts) => Buffer.concat(parts).toString())); // prettier-ignore
          return;
        }
        expect(pieces).to.have.length(1);
        expect(`${count} bytes, ${hash.digest('hex')}`).to.equal(digest(Buffer.from(written)));
      }),
  },
];
