import { expect } from 'chai';
import { parseEvent } from '../../../src/store/events/event-format.js';

const packed = (...fields: (string | number)[]) => fields.join('\x1f');
const head = { cursor: '5-0', time: 17, run: 'uid' };

describe('packed events', () => {
  it('tell of a new run', () => {
    const info = JSON.stringify({ name: 'nightly', labels: { team: 'core' } });
    expect(parseEvent('5-0', packed('run.created', 17, 'uid', 12, info))).to.eql({
      kind: 'run.created',
      ...head,
      name: 'nightly',
      jobCount: 12,
    });
    expect(parseEvent('5-0', packed('run.created', 17, 'uid', 1, '{"labels":{}}'))).not.to.have.property('name');
  });

  it('tell of a change of a run', () => {
    expect(parseEvent('5-0', packed('run.status', 17, 'uid', 3))).to.eql({
      kind: 'run.status',
      ...head,
      status: 'FAILED',
    });
  });

  it('tell of a change of a job with its exit code and message', () => {
    expect(parseEvent('5-0', packed('job.status', 17, 'uid', 'build', 2, 3, 13, 7, 'It said\x1f no.'))).to.eql({
      kind: 'job.status',
      ...head,
      job: 'build',
      attempt: 2,
      status: 'FAILED',
      reason: 'ExitCode',
      message: 'It said\x1f no.',
      exitCode: 7,
    });
  });

  it("have the reason's own message if there is no other, and no exit code if there is none", () => {
    const event = parseEvent('5-0', packed('job.reason', 17, 'uid', 'build', 1, 0, 1, 65_535, ''));
    expect(event).to.include({
      kind: 'job.reason',
      message: 'Ready; waiting for a free worker that is not paused.',
    });
    expect(event).not.to.have.property('exitCode');
  });

  it('of an unknown kind or code are refused', () => {
    expect(() => parseEvent('5-0', packed('run.gone', 17, 'uid'))).to.throw(RangeError, '5-0');
    expect(() => parseEvent('5-0', packed('run.status', 17, 'uid', 40))).to.throw(RangeError, 'newer version');
  });
});
