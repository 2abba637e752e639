import { expect } from 'chai';
import { checkPipeline } from '../../src/pipeline/checks/check-pipeline.js';
import { pipelineLimits } from '../../src/pipeline/limits.js';
import { parsePipelineText } from '../../src/pipeline/reading/parse-pipeline.js';
import { accepted, refused, refusedWith, written } from './build-pipeline.js';
import { syntaxErrorOf } from './reading/syntax-error-of.js';

let visited = 0;

/** A list of equal values that counts how many of them are read. */
const longList = (length: number, value: unknown): unknown[] =>
  new Proxy(Array(length).fill(value) as unknown[], {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) visited += 1;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });

/** A map as the reader makes it, which counts how many of its entries are read. */
class LargeMap extends Map<string, unknown> {
  readonly #count: number;
  readonly #value: unknown;

  constructor(count: number, value: unknown) {
    super();
    this.#count = count;
    this.#value = value;
  }

  override get size(): number {
    return this.#count;
  }

  override *[Symbol.iterator](): MapIterator<[string, unknown]> {
    for (let index = 0; index < this.#count; index += 1) {
      visited += 1;
      yield [`K${String(index)}`, this.#value];
    }
    return undefined;
  }
}

const numbered = (count: number, entry: (index: number) => [string, unknown]): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));

describe('the size of a pipeline', () => {
  beforeEach(() => {
    visited = 0;
  });

  const many = 3_000_000;
  const tooLarge: Record<string, { value: () => unknown; mistake: string }> = {
    'a command': {
      value: () => written({ a: { run: undefined, command: longList(many, '') } }),
      mistake: 'jobs.a.command: has 3000000 entries, but at most 1000 are allowed',
    },
    'arguments of a step': {
      value: () => ({
        kind: 'Pipeline',
        jobs: { a: { image: 'b', steps: [{ name: 's', args: longList(many, 'x') }] } },
      }),
      mistake: 'jobs.a.steps[0].args: has 3000000 entries, but at most 1000 are allowed',
    },
    'dependencies of a job': {
      value: () => written({ a: { dependsOn: longList(many, 'a') } }),
      mistake: 'jobs.a.dependsOn: has 3000000 entries, but at most 10000 are allowed',
    },
    steps: {
      value: () => ({ kind: 'Pipeline', jobs: { a: { image: 'b', steps: longList(many, {}) } } }),
      mistake: 'jobs.a.steps: has 3000000 entries, but at most 100 are allowed',
    },
    'variables of the pipeline': {
      value: () => written({ a: {} }, { env: new LargeMap(many, '') }),
      mistake: 'env: has 3000000 entries, but at most 10000 are allowed',
    },
    'variables of a step': {
      value: () => ({
        kind: 'Pipeline',
        jobs: { a: { image: 'b', steps: [{ name: 's', run: 'x', env: new LargeMap(many, '') }] } },
      }),
      mistake: 'jobs.a.steps[0].env: has 3000000 entries, but at most 10000 are allowed',
    },
    labels: {
      value: () => written({ a: {} }, { metadata: { labels: new LargeMap(many, '') } }),
      mistake: 'metadata.labels: has 3000000 entries, but at most 64 are allowed',
    },
    resources: {
      value: () => written({ a: { resources: { limits: new LargeMap(many, 1) } } }),
      mistake: 'jobs.a.resources.limits: has 3000000 entries, but at most 32 are allowed',
    },
    'unknown fields of a job': {
      value: () => ({ kind: 'Pipeline', jobs: { a: new LargeMap(many, 0) } }),
      mistake: 'jobs.a: has 3000000 entries, but at most 100 are allowed',
    },
    'the value of an unknown field': {
      value: () => ({ kind: 'Pipeline', jobs: { a: { image: 'b', run: 'x' } }, other: [longList(many, [])] }),
      mistake: 'other[0]: has 3000000 entries, but at most 100 are allowed',
    },
    'fields of the pipeline': {
      value: () => new LargeMap(many, 0),
      mistake: ': a pipeline has no more than 100 fields, but this has 3000000',
    },
    jobs: {
      value: () => ({ kind: 'Pipeline', jobs: new LargeMap(many, {}) }),
      mistake: 'jobs: has 3000000 jobs, but at most 10000 are allowed',
    },
  };
  for (const [what, { value, mistake }] of Object.entries(tooLarge)) {
    it(`is checked before its content: ${what}`, () => {
      expect(refusedWith(value())).to.include(mistake);
      expect(visited).to.be.lessThan(1_000);
    });
  }

  it('is refused one above the limit, and accepted at the limit', () => {
    const variables = (count: number): object => numbered(count, (index) => [`V${String(index)}`, '']);
    accepted(written({ a: {} }, { env: variables(pipelineLimits.variables) }));
    accepted(written({ a: { run: undefined, command: Array(pipelineLimits.commandWords).fill('x') } }));
    expect(refusedWith(written({ a: {} }, { env: variables(pipelineLimits.variables + 1) }))).to.deep.equal([
      'env: has 10001 entries, but at most 10000 are allowed',
    ]);
    expect(refusedWith(written({ a: { env: variables(pipelineLimits.variables + 1) } }))).to.deep.equal([
      'jobs.a.env: has 10001 entries, but at most 10000 are allowed',
    ]);
  });

  it('is still checked in all other jobs', () => {
    const found = refusedWith(
      written({ a: { env: new LargeMap(many, '') }, b: { priority: 1000 }, c: { dependsOn: ['a'] } }),
    );
    expect(found).to.deep.equal([
      'jobs.a.env: has 3000000 entries, but at most 10000 are allowed',
      'jobs.b.priority: must be at most 100',
    ]);
  });

  it('counts the values of a document while it is read, in JSON and with the aliases of YAML', () => {
    const most = pipelineLimits.values;
    const zeros = (count: number): string => `[${'0,'.repeat(count - 1)}0]`;
    expect(syntaxErrorOf(() => parsePipelineText(zeros(most), 'application/json')).message).to.contain(
      'there are more than 1000000 values',
    );
    expect(parsePipelineText(zeros(most - 1), 'application/json')).to.have.length(most - 1);
    const tens = Array.from(
      { length: 6 },
      (_, level) =>
        `l${String(level + 1)}: &l${String(level + 1)} [${Array(10)
          .fill(`*l${String(level)}`)
          .join(', ')}]`,
    );
    expect(
      syntaxErrorOf(() => parsePipelineText(`l0: &l0 0\n${tens.join('\n')}`, 'application/yaml')).message,
    ).to.contain('too large with its aliases expanded');
  });

  it('counts the image of a job for each step that inherits it', () => {
    const steps = Array.from({ length: 100 }, (_, index) => ({ name: `s${String(index)}`, run: 'x' }));
    const jobs = (count: number, image: string): object => ({
      kind: 'Pipeline',
      jobs: numbered(count, (index) => [`j${String(index)}`, { image, steps }]),
    });
    accepted(jobs(163, 'i'.repeat(1_024)));
    expect(refusedWith(jobs(164, 'i'.repeat(1_024)))).to.deep.equal([
      'jobs: repeat the images of jobs for their steps in 16793600 characters, but at most 16777216 are allowed: give jobs with many steps shorter image names',
    ]);
  });

  it('never makes the answer long, whatever the names and values of the mistakes', () => {
    const name = (index: number): string => `${'x'.repeat(10_000)}${String(index)}`;
    const wrong = numbered(300, (index) => [
      name(index),
      { image: 'a b', run: 1, env: { [name(1)]: name(2) }, [name(3)]: name(4), dependsOn: [name(5)] },
    ]);
    const found = refused({ kind: name(0), jobs: wrong });
    expect(JSON.stringify(found).length).to.be.lessThan(65_536);
    expect(found.at(-1)?.message).to.match(/^and \d+ more$/);
  });
});

describe('the cost of a pipeline', function () {
  this.timeout(120_000);
  const grow = 10;
  const job = { image: 'b', run: 'x' };
  const name = (index: number): string => `j${String(index)}`;
  const shapes: Record<string, (size: number) => object> = {
    'jobs and variables of the pipeline': (size) => ({
      kind: 'Pipeline',
      env: numbered(size, (index) => [`V${String(index)}`, 'x']),
      jobs: numbered(size, (index) => [name(index), job]),
    }),
    'jobs and secrets of the pipeline': (size) => ({
      kind: 'Pipeline',
      env: numbered(size, (index) => [`V${String(index)}`, { secret: 'x' }]),
      jobs: numbered(size, (index) => [name(index), job]),
    }),
    'jobs that refer to one before them': (size) => ({
      kind: 'Pipeline',
      jobs: numbered(size, (index) => [
        name(index),
        index === 0 ? job : { ...job, dependsOn: [name(0)], env: { A: '${{ jobs.j0.outputs.x }}' } },
      ]),
    }),
    'dependencies on jobs that are not there': (size) => ({
      kind: 'Pipeline',
      jobs: numbered(size, (index) => [name(index), { ...job, dependsOn: [`none-${String(index)}`, 'none'] }]),
    }),
    'variables of one job': (size) => ({
      kind: 'Pipeline',
      jobs: { a: { ...job, env: numbered(size, (index) => [`V${String(index)}`, 'x']) } },
    }),
    'unknown fields in many jobs': (size) => ({
      kind: 'Pipeline',
      jobs: numbered(size, (index) => [name(index), { ...job, [`f${String(index)}`]: 1 }]),
    }),
  };

  /**
   * CPU time of the cheapest of several measurements: what the work costs, whatever else the machine does. User and system
   * time together, since the kernel only estimates how a short time divides into the two.
   */
  const cost = (pipeline: object, times: number): number => {
    const costs = Array.from({ length: 7 }, () => {
      const before = process.cpuUsage();
      for (let done = 0; done < times; done += 1) checkPipeline(pipeline);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...costs);
  };

  for (const [what, shape] of Object.entries(shapes)) {
    it(`grows with its size and not with the product of two: ${what}`, () => {
      const size = 1_000;
      cost(shape(size), grow);
      const ratio = cost(shape(size * grow), 1) / cost(shape(size), grow);
      // One check of ten times the size, divided by ten checks: about 1 if the cost is linear, 10 if it is quadratic.
      expect(ratio).to.be.lessThan(3);
    });
  }
});
