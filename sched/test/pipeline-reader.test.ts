import { mock } from 'node:test';
import { expect } from 'chai';
import { ApiError } from '@chainr/core/api/contract/errors';
import { answerDeadlineMs } from '@chainr/core/service/answer-deadline';
import { packPipeline, planOf } from '@chainr/core/store/runs/pack-pipeline';
import { specificationOf } from '@chainr/core/store/script/layout';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { parsePipelineText } from '@chainr/core/pipeline/reading/parse-pipeline';
import { PipelineReader, readingTimes, type PipelineReaderOptions } from '../src/pipelines/pipeline-reader.js';
import { preparePipeline, type PipelineText, type Preparation } from '@chainr/core/usecases/prepare-pipeline';

const json = 'application/json';
const sentAs = (text: string, contentType = json): PipelineText => ({ text, contentType, warn: true });

const jobsOf = (count: number): string =>
  JSON.stringify({
    kind: 'Pipeline',
    metadata: { name: 'large', labels: { team: 'a' } },
    env: { A: 'b', T: { secret: 't' } },
    priority: 5,
    maxParallel: 3,
    jobs: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `j${String(index)}`,
        {
          image: 'busybox',
          run: `echo ${'ä'.repeat(index % 7)}`,
          ...(index > 0 && { dependsOn: [`j${String(index - 1)}`] }),
          ...(index % 3 === 0 && { priority: index % 50, allowFailure: true }),
        },
      ]),
    ),
  });

describe('reading pipelines', function () {
  this.timeout(60_000);
  const readers: PipelineReader[] = [];
  const open = (options?: PipelineReaderOptions): PipelineReader => {
    const reader = new PipelineReader(options);
    readers.push(reader);
    return reader;
  };
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.stop();
  });

  /** The number of ticks of the event loop until the pipeline was read. */
  const turnsDuring = async (reading: () => Promise<Preparation>): Promise<number> => {
    let turns = 0;
    let open = true;
    const turn = (): void => {
      turns += 1;
      if (open) setImmediate(turn);
    };
    setImmediate(turn);
    await reading();
    open = false;
    return turns;
  };

  it('gives the same whether the thread does it or not', async () => {
    const reader = open();
    for (const text of [jobsOf(1_000), jobsOf(1_000).replace('"j7"', '"J7"'), `${jobsOf(1_000)}}`]) {
      expect(await reader.read(sentAs(text))).to.deep.equal(preparePipeline(sentAs(text)));
    }
    const read = await reader.read(sentAs(jobsOf(1_000)));
    expect(read.kind === 'ready' && read.warnings).to.not.have.length(0);
  });

  it('packs what is stored of each job', () => {
    const checked = checkPipeline(parsePipelineText(jobsOf(20), json));
    if (!('pipeline' in checked)) return expect.fail('refused');
    const { jobs } = checked.pipeline;
    const packed = packPipeline(checked.pipeline);
    for (const [index, { dependsOn: _edges, ...plan }] of jobs.entries()) {
      expect(JSON.parse(specificationOf(planOf(packed, index)))).to.deep.equal(plan);
    }
    return undefined;
  });

  it('lets the event loop go on while a large one is read, in each format and whatever is wrong with it', async () => {
    const reader = open();
    await reader.read(sentAs(jobsOf(1_000)));
    const yaml = 'application/yaml';
    const large: Record<string, PipelineText> = {
      'a good one': sentAs(jobsOf(5_000)),
      'many mistakes': sentAs(jobsOf(5_000).replaceAll('"busybox"', '1')),
      'what is no JSON': sentAs(`[${'0,'.repeat(500_000)}`),
      YAML: sentAs(`kind: Pipeline\njobs:\n${'  a:\n    image: b\n'.repeat(10_000)}`, yaml),
      'a small one that aliases make large': sentAs(
        [
          'l0: &l0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]',
          ...Array.from(
            { length: 4 },
            (_, at) => `l${String(at + 1)}: &l${String(at + 1)} [${`*l${String(at)}, `.repeat(10)}]`,
          ),
        ].join('\n'),
        yaml,
      ),
    };
    for (const [what, sent] of Object.entries(large)) {
      expect(await turnsDuring(() => reader.read(sent)), what).to.be.greaterThan(20);
    }
  });

  it('reads small ones at once', async () => {
    for (const sent of [
      sentAs(jobsOf(3)),
      sentAs('kind: Pipeline\njobs: { a: { image: b, run: "cd x && ls *.txt && echo a & wait" } }', 'application/yaml'),
    ]) {
      expect(await turnsDuring(() => open().read(sent))).to.be.lessThan(3);
    }
  });

  describe('when the thread fails', () => {
    const module = new URL('failing-thread.ts', import.meta.url);
    const large = (text: string): PipelineText => sentAs(text.padEnd(100_000));
    const outcome = async (reading: Promise<Preparation>): Promise<string> => {
      try {
        const read = await reading;
        return read.kind === 'refused' ? read.message : read.kind;
      } catch (error) {
        return error instanceof ApiError ? `${error.code}: ${error.message}` : (error as Error).message;
      }
    };

    for (const [way, sentence] of Object.entries({
      throw: 'the thread that reads pipelines failed',
      exit: 'the thread that reads pipelines exited with code 3',
      memory: 'the thread that reads pipelines failed',
    })) {
      it(`rejects only what it worked on, and goes on with the rest in a new one: ${way}`, async () => {
        // On a busy machine a thread needs long to use up its memory.
        const reader = open({ module, waitMs: 100_000 });
        const outcomes = await Promise.all(['fine', way, 'fine'].map((text) => outcome(reader.read(large(text)))));
        expect(outcomes).to.deep.equal(['answered', sentence, 'answered']);
      });
    }

    it('gives up while gate still waits, and leaves time to store the run', () => {
      expect(readingTimes.waitMs + readingTimes.readMs).to.be.below(answerDeadlineMs);
    });

    it('ends it when it takes too long', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const reader = open({ module, readMs: 6_000 });
        const reading = ['endless', 'fine'].map((text) => outcome(reader.read(large(text))));
        mock.timers.tick(6_000);
        expect(await Promise.all(reading)).to.deep.equal([
          'Internal: The pipeline could not be read within 6s.',
          'answered',
        ]);
      } finally {
        mock.timers.reset();
      }
    });

    it('refuses more than may wait, and says to try again', async () => {
      const reader = open({ module, waitingLength: 250_000 });
      const outcomes = await Promise.all(
        ['fine', 'fine', 'fine', 'fine', 'fine'].map((text) => outcome(reader.read(large(text)))),
      );
      const busy = 'Unavailable: Too many large pipelines are being read; try again soon.';
      expect(outcomes).to.deep.equal(['answered', 'answered', 'answered', busy, busy]);
    });

    it('rejects what waits when the service stops', async () => {
      const reader = open({ module });
      const reading = ['endless', 'fine'].map((text) => outcome(reader.read(large(text))));
      await reader.stop();
      const stopped = 'Unavailable: The service is stopping; try again soon.';
      expect(await Promise.all(reading)).to.deep.equal([stopped, stopped]);
    });
  });
});
