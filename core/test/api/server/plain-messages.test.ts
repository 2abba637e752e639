import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { ApiError } from '../../../src/api/contract/errors.js';
import { parseBody } from '../../../src/api/server/parse-body.js';
import { readQuery } from '../../../src/api/server/read-query.js';
import type { Route } from '../../../src/api/contract/route.js';
import { routes } from '../../../src/api/contract/routes.js';
import { checkPipeline } from '../../../src/pipeline/checks/check-pipeline.js';

const all = Object.values<Route>(routes);
const librarys = 'a message of the schema library';

/** All messages with which the schema refuses the value. */
function sentencesOf(refuse: () => unknown): string[] {
  try {
    refuse();
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [error.message, ...error.details.map(({ message }) => message)];
  }
}

describe('messages about invalid input', () => {
  before(() => {
    // These replace the messages of zod where a schema has none of its own.
    z.config({ localeError: () => librarys });
  });
  after(() => {
    z.config(z.locales.en());
  });

  it('would be detected if they came from the schema library', () => {
    expect(z.string().min(3).safeParse('').error?.issues[0]?.message).to.equal(librarys);
  });

  const noneIsTheLibrarys = (sentences: readonly string[]): void => {
    for (const sentence of sentences) expect(sentence).to.not.contain(librarys);
  };

  it('are from chainr for every query', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('', 'true', '-1', '99999999999999999', '1.5', 'x', '2026-02-31'),
    );
    for (const route of all) {
      const names = [...Object.keys(route.query.shape), 'unknown'];
      const pair = fc.tuple(fc.constantFrom(...names), text);
      const query = fc.array(pair, { maxLength: 5 }).map((pairs) => new URLSearchParams(pairs).toString());
      fc.assert(
        fc.property(query, (sent) => {
          noneIsTheLibrarys(sentencesOf(() => readQuery(route.query, `/?${sent}`)));
        }),
      );
    }
  });

  it('are from chainr for every JSON body', () => {
    const bodies = all.flatMap(({ body }) => (body ? [body] : []));
    expect(bodies).to.not.have.length(0);
    const from = fc.oneof(fc.anything(), fc.array(fc.anything()), fc.constant(Array(20_000).fill('a')));
    const sent = fc.oneof(
      fc.json(),
      fc.record({ from }).map((value) => JSON.stringify(value)),
    );
    for (const body of bodies) {
      fc.assert(
        fc.property(sent, (text) => {
          noneIsTheLibrarys(sentencesOf(() => parseBody(Buffer.from(text), body)));
        }),
      );
    }
  });

  it('are from chainr for every pipeline', () => {
    const odd = fc.oneof(
      fc.anything(),
      fc.constantFrom(-1, 1.5, 1e300, Number.MAX_SAFE_INTEGER, '', 'x', [], {}, true, null),
      fc.constantFrom<unknown>([[]], [{}], [''], { a: 1 }, { limit: 1.5 }, { limit: -1, backoff: { factor: 1000 } }),
    );
    const names = 'image run command args env workdir user resources steps dependsOn allowFailure pull network timeout pendingTimeout retries priority'; // prettier-ignore
    const job = fc.dictionary(fc.constantFrom(...names.split(' '), 'name', 'continueOnError'), odd);
    const withSteps = fc.record({ steps: fc.array(job, { maxLength: 3 }) });
    const head = fc.dictionary(fc.constantFrom('kind', 'metadata', 'env', 'pull', 'timeout', 'priority', 'maxParallel'), odd); // prettier-ignore
    const jobs = fc.dictionary(fc.constantFrom('a', 'b', 'B', '__proto__'), fc.oneof(job, withSteps, odd));
    fc.assert(
      fc.property(head, jobs, (fields, named) => {
        const checked = checkPipeline({ ...fields, jobs: named });
        if ('mistakes' in checked) noneIsTheLibrarys(checked.mistakes.map(({ message }) => message));
      }),
      { numRuns: 500 },
    );
  });
});
