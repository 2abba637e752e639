import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { LogLineResource } from '@chainr/core/api/contract/job-resource';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { untilFinal } from '@chainr/testkit/waits';

const limit = 16 * 1024 * 1024;

describe('logs of jobs, through the API', function () {
  this.timeout(120_000);
  let folder: string;
  let chainr: Constellation;

  const start = async (logLimitBytes: number) => {
    const executor = createProcessExecutor({ folder, instance: 'test' });
    chainr = await startConstellation({ executor, work: { logLimitBytes } });
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-logs-'));
  });

  afterEach(async () => {
    await chainr.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function create(run: string): Promise<{ uid: string; link: string }> {
    const text = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run } } });
    const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
    return { uid: metadata.uid, link: `${chainr.url}${metadata.selfLink}/jobs/only/logs` };
  }

  async function read(address: string, accept = 'text/plain'): Promise<Buffer> {
    const answer = await fetch(address, { headers: { Accept: accept } });
    expect(answer.status).to.equal(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  const parse = (body: Buffer): LogLineResource[] =>
    body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLineResource);

  const textOf = (lines: readonly LogLineResource[]) =>
    lines.map(({ text: piece, newline }) => (newline === false ? piece : `${piece}\n`)).join('');

  it('are followed live byte for byte, 5 MB of lines as text and as NDJSON, and read the same afterwards', async () => {
    await start(limit);
    const [parts, linesPerPart] = [10, 10_000];
    const script = `part=0
while [ $part -lt ${String(parts)} ]; do
  awk -v part=$part 'BEGIN { for (line = 0; line < ${String(linesPerPart)}; line++) printf "part %d line %d ${'x'.repeat(30)}\\n", part, line }'
  part=$((part + 1))
  sleep 0.1
done`;
    const lines = Array.from({ length: parts * linesPerPart }, (_, at) => {
      return `part ${String(Math.floor(at / linesPerPart))} line ${String(at % linesPerPart)} ${'x'.repeat(30)}\n`;
    });
    const expected = Buffer.from(lines.join(''));
    expect(expected.length).to.be.greaterThan(4_500_000);

    const { uid, link } = await create(script);
    const [text, ndjson] = await Promise.all([
      read(`${link}?follow=true`),
      read(`${link}?follow=true`, 'application/x-ndjson'),
    ]);
    expect(text.equals(expected), 'text, live').to.equal(true);
    const followed = parse(ndjson);
    expect(textOf(followed) === expected.toString(), 'NDJSON, live').to.equal(true);
    expect(new Set(followed.map(({ stream }) => stream))).to.deep.equal(new Set(['stdout']));

    await untilFinal(chainr.store.events, uid);
    expect((await read(`${link}?follow=true`)).equals(expected), 'text, afterwards').to.equal(true);
    const later = followed[followed.length >> 1]!;
    const rest = parse(await read(`${link}?follow=true&offset=${String(later.offset)}`, 'application/x-ndjson'));
    expect(textOf(rest) === expected.toString('utf8', later.offset), 'from an offset').to.equal(true);
  });

  it('show binary output with invalid text replaced, and keep a missing last newline', async () => {
    await start(limit);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 131 + (at >> 8) * 29) % 256));
    const file = path.join(folder, 'binary');
    await writeFile(file, Buffer.concat([bytes, Buffer.from('end')]));
    const { link } = await create(`cat '${file}'`);
    expect((await read(`${link}?follow=true&raw=true`)).equals(Buffer.concat([bytes, Buffer.from('end')]))).to.equal(
      true,
    );
    const text = (await read(link)).toString();
    expect(text === `${bytes.toString()}end`).to.equal(true);
  });

  it('keep their beginning and their end beyond the limit, with marks between, and the job runs to its end', async () => {
    await start(10_000);
    const { uid, link } = await create(
      `awk 'BEGIN { for (line = 0; line < 5000; line++) print "line " line }'; exit 7`,
    );
    const lines = parse(await read(`${link}?follow=true`, 'application/x-ndjson'));
    const marks = lines.filter(({ stream }) => stream === 'system').map(({ text }) => text);
    const written = Array.from({ length: 5_000 }, (_, at) => `line ${String(at)}\n`).join('');
    expect(marks).to.deep.equal([
      'The log has reached the limit of 10000 bytes. The end of the log follows after the job ends.',
      `${String(written.length - 10_000)} bytes are missing here. These are the last 2500:`,
    ]);
    const raw = (await read(`${link}?raw=true`)).toString();
    expect(raw).to.equal(written.slice(0, 7_500) + written.slice(-2_500));
    await untilFinal(chainr.store.events, uid);
    expect((await chainr.client.getJob(uid, 'only')).attempts[0]).to.include({ exitCode: 7 });
  });
});
