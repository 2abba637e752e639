import { expect } from 'chai';
import { z } from 'zod';
import { ApiError } from '../../../src/api/contract/errors.js';
import { jobNameSchema, runUidSchema } from '../../../src/api/contract/field-schemas.js';
import { readParams } from '../../../src/api/server/read-params.js';

describe('the parameters in an address', () => {
  const schema = z.object({ uid: runUidSchema, job: jobNameSchema, worker: z.string().regex(/^\w+$/) });
  const valid = { uid: '01990000-0000-7000-8000-00000000DEAD', job: 'build', worker: 'box' };
  const refusedWith = (params: object): object => {
    try {
      readParams(schema, { ...valid, ...params });
    } catch (error) {
      if (error instanceof ApiError) return { code: error.code, refusal: error.refusal, message: error.message };
      throw error;
    }
    throw new Error('it was not refused');
  };

  it('are read, the uid in lower case', () => {
    expect(readParams(schema, valid)).to.deep.equal({ ...valid, uid: valid.uid.toLowerCase() });
  });

  it('report what cannot exist, for people and for programs', () => {
    const code = 'NotFound';
    expect(refusedWith({ uid: 'x' })).to.deep.equal({ code, refusal: 'no-run', message: 'There is no run "x".' });
    expect(refusedWith({ job: '..' })).to.deep.equal({ code, refusal: 'no-job', message: 'The run has no job "..".' });
    expect(refusedWith({ worker: '?' })).to.deep.equal({
      code,
      refusal: undefined,
      message: 'There is no worker "?".',
    });
  });
});
