import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { ApiError } from '@chainr/core/api/contract/errors';
import { parseQuery } from '@chainr/core/api/server/parse-query';
import { readQuery } from '@chainr/core/api/server/read-query';
import { routes } from '@chainr/core/api/contract/routes';

function refusalOf(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the query of a request', () => {
  it('is read as a form is encoded', () => {
    const read = { ...parseQuery('/api/runs?name=a+b%2Bc&label=x&label=y%3D1&&flag&=odd') };
    expect(read).to.deep.equal({ name: 'a b+c', label: ['x', 'y=1'], flag: '', '': 'odd' });
    expect({ ...parseQuery('/api/runs') }).to.deep.equal({});
    expect({ ...parseQuery('/api/runs?') }).to.deep.equal({});
  });

  it('is read completely or refused, however many parameters it has', () => {
    const separators = fc.array(fc.constantFrom('&', '&x=1', '&&', '&name=b'), { maxLength: 3_000 });
    fc.assert(
      fc.property(separators, (between) => {
        const target = `/api/runs?name=a${between.join('')}&dryRun=true`;
        try {
          expect(parseQuery(target)['dryRun']).to.equal('true');
        } catch (error) {
          expect(error).to.be.instanceOf(ApiError).with.property('code', 'BadRequest');
        }
      }),
    );
  });

  it('is refused beyond 100 parameters, empty ones included', () => {
    const refused = refusalOf(() => parseQuery(`/api/runs?name=x${'&'.repeat(1_000)}dryRun=true`));
    expect(refused.message).to.equal('Invalid query: there are 1001 parameters; at most 100 are allowed.');
    expect(Object.keys(parseQuery(`/?${Array.from({ length: 100 }, (_, at) => `p${at}=`).join('&')}`))).to.have.length(
      100,
    );
  });

  for (const query of ['name=%ff', 'name=%', 'name=%zz', '%c3%28=x', 'name=%c3']) {
    it(`is refused if it is not UTF-8 in percent-encoding: ${query}`, () => {
      expect(refusalOf(() => parseQuery(`/api/runs?${query}`)).code).to.equal('BadRequest');
    });
  }

  const { query } = routes.deleteRuns;

  for (const [target, path, message] of [
    ['/?dryRun=true&dryRun=false', 'dryRun', 'must be given once'],
    ['/?cursor=1&cursor=2', 'cursor', 'must be given once'],
    ['/?name=a&name=b', 'name', 'must be given once'],
    ['/?since=1h&since=2h', 'since', 'must be given once'],
    ['/?DryRun=true', 'DryRun', 'unknown parameter, did you mean "dryRun"?'],
    ['/?label[]=x', 'label[]', 'unknown parameter, did you mean "label"?'],
    ['/?__proto__=x', '__proto__', 'unknown parameter'],
    ['/?constructor=x', 'constructor', 'unknown parameter'],
    ['/?toString=x', 'toString', 'unknown parameter'],
  ] as const) {
    it(`is refused with its place: ${target}`, () => {
      expect(refusalOf(() => readQuery(query, target)).details).to.deep.include({ path, message });
    });
  }

  it('accepts several values for parameters that allow them', () => {
    expect(readQuery(query, '/?label=a&label=b,c&status=FAILED')).to.deep.include({
      label: ['a', 'b', 'c'],
      status: ['FAILED'],
    });
    expect(refusalOf(() => readQuery(z.strictObject({}), '/?x=1')).details).to.deep.equal([
      { path: 'x', message: 'unknown parameter: there are none here' },
    ]);
  });
});
