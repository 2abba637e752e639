import { expect } from 'chai';
import { describe, it } from 'mocha';
import { labelsOf, podName } from '../../src/kubernetes/names.js';

const key = { run: '01a22d33-5f7a-77eb-8913-06ee6218bab4', job: 'build', attempt: 2 };

describe('the name of a pod', () => {
  it('shows pipeline, job and attempt', () => {
    expect(podName('one', { ...key, pipeline: 'Nightly Build' })).to.match(/^nightly-build-build-2-[a-z0-9]{10}$/);
    expect(podName('one', key)).to.match(/^build-2-[a-z0-9]{10}$/);
  });

  it('differs with instance, run, job and attempt', () => {
    const names = [
      podName('one', key),
      podName('two', key),
      podName('one', { ...key, run: '01a22d33-5f7a-77eb-8913-06ee6218bab5' }),
      podName('one', { ...key, job: 'build-2', attempt: 1 }),
      podName('one', { ...key, attempt: 3 }),
    ];
    expect(new Set(names).size).to.equal(names.length);
  });

  it('is a DNS label, however long its parts are', () => {
    const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
    const jobs = ['a', 'x'.repeat(63), `${'y'.repeat(44)}-${'z'.repeat(18)}`];
    const pipelines = ['', '--', 'Größe!', 'p'.repeat(200), 'q-'.repeat(40)];
    for (const job of jobs) {
      for (const pipeline of pipelines) {
        for (const attempt of [1, 65_535]) {
          expect(podName('one', { ...key, job, attempt, pipeline }), `${pipeline} ${job}`).to.match(dnsLabel);
        }
      }
    }
    expect(podName('one', { ...key, job: jobs[1] ?? '' })).not.to.equal(
      podName('one', { ...key, job: 'x'.repeat(62) }),
    );
  });
});

describe('the labels of a pod', () => {
  it('leave out the name of a pipeline that no label can hold', () => {
    expect(labelsOf('one', { ...key, pipeline: 'nightly' })['chainr.dev/pipeline']).to.equal('nightly');
    for (const pipeline of ['', 'two words', 'x'.repeat(64), '-begins-badly']) {
      expect(labelsOf('one', { ...key, pipeline })).not.to.have.property('chainr.dev/pipeline');
    }
  });
});
