import { expect } from 'chai';
import fc from 'fast-check';
import { checkPipeline } from '../../../src/pipeline/checks/check-pipeline.js';
import { parsePipelineText } from '../../../src/pipeline/reading/parse-pipeline.js';
import { accepted, refused, refusedWith, written } from '../build-pipeline.js';

const fromJson = (text: string): unknown => parsePipelineText(text, 'application/json');

describe('checking a pipeline that is hostile or huge', () => {
  it('refuses zero bytes and half characters anywhere, in names and in values', () => {
    const found = refusedWith(
      fromJson(
        '{"kind":"Pipeline","jobs":{"a":{"image":"b","run":"x\\u0000","env":{"A\\u0000":"1","B":"\\ud800"}},"c\\u0000":{}}}',
      ),
    );
    expect(found.map((line) => line.replace(/^.*: /, ''))).to.deep.equal([
      'contains a zero byte, which cannot be passed to a program',
      'contains a zero byte, which cannot be passed to a program',
      'contains a zero byte, which cannot be passed to a program',
      'contains an unpaired surrogate (half a character)',
    ]);
  });

  it('refuses names that every JavaScript object has, and does not confuse them with known ones', () => {
    const job = '{"image":"busybox","run":"exit 0"}';
    expect(
      refusedWith(
        fromJson(`{"kind":"Pipeline","jobs":{"__proto__":${job},"constructor":${job},"toString":${job}}}`),
      ).map((line) => line.split(': ')[0]),
    ).to.have.members(['jobs.__proto__', 'jobs.constructor', 'jobs.toString']);
    const dependsOn = JSON.stringify(['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    expect(
      refusedWith(fromJson(`{"kind":"Pipeline","jobs":{"a":{"image":"b","run":"x","dependsOn":${dependsOn}}}}`)),
    ).to.deep.equal([
      'jobs.a.dependsOn[0]: there is no job "__proto__"',
      'jobs.a.dependsOn[1]: there is no job "constructor"',
      'jobs.a.dependsOn[2]: there is no job "toString"',
      'jobs.a.dependsOn[3]: there is no job "hasOwnProperty"',
    ]);
    expect(
      refusedWith(
        fromJson(
          `{"kind":"Pipeline","constructor":1,"__proto__":{"jobs":1},"jobs":{"a":{"image":"b","run":"x","toString":1}}}`,
        ),
      ),
    ).to.have.members([
      '__proto__: the name "__proto__" is reserved, choose another',
      'constructor: unknown field "constructor"',
      'jobs.a.toString: unknown field "toString"',
    ]);
    const { jobs } = accepted(
      fromJson('{"kind":"Pipeline","jobs":{"a":{"image":"b","run":"x","env":{"constructor":"1","toString":"2"}}}}'),
    );
    expect(Object.entries(jobs[0]?.env ?? {})).to.deep.equal([
      ['constructor', '1'],
      ['toString', '2'],
    ]);
    expect(
      refusedWith(fromJson('{"kind":"Pipeline","jobs":{"a":{"image":"b","run":"x","env":{"__proto__":"1"}}}}')),
    ).to.have.length(1);
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
  });

  it('names 100 mistakes and counts the rest', () => {
    const found = refused(
      written(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`j${String(index)}`, { priority: 1000 }]))),
    );
    expect(found).to.have.length(101);
    expect(found.at(-1)).to.deep.equal({ path: '', message: 'and 50 more', more: 50 });
  });

  it('accepts 10,000 jobs, refuses more, and refuses too many dependencies', () => {
    const jobs = (count: number, dependsOn: (index: number) => string[] = () => []): object =>
      written(
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`j${String(index)}`, { dependsOn: dependsOn(index) }]),
        ),
      );
    expect(accepted(jobs(10_000, (index) => (index ? [`j${String(index - 1)}`] : []))).jobs).to.have.length(10_000);
    expect(refusedWith(jobs(10_001))).to.deep.equal(['jobs: has 10001 jobs, but at most 10000 are allowed']);
    const all = Array.from({ length: 400 }, (_, index) => `j${String(index)}`);
    expect(refusedWith(jobs(700, (index) => (index >= 400 ? all : [])))).to.deep.equal([
      'jobs: have 120000 dependencies, but at most 100000 are allowed',
    ]);
  });

  it('never throws, whatever the value', () => {
    const shaped = fc.record(
      {
        kind: fc.constantFrom('Pipeline', 1),
        metadata: fc.anything(),
        env: fc.anything(),
        jobs: fc.dictionary(fc.string(), fc.anything()),
      },
      { requiredKeys: [] },
    );
    const job = fc.record(
      {
        image: fc.anything(),
        run: fc.anything(),
        steps: fc.array(fc.anything()),
        dependsOn: fc.array(fc.anything()),
        env: fc.anything(),
        resources: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const values = fc.oneof(
      fc.anything({ withMap: true, withNullPrototype: true, withDate: true, withBigInt: true, withSet: true }),
      shaped,
      fc.dictionary(fc.string(), job).map((jobs) => ({ kind: 'Pipeline', jobs })),
    );
    fc.assert(
      fc.property(values, (value) => {
        const result = checkPipeline(value);
        if ('mistakes' in result) expect(result.mistakes).to.not.have.length(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
