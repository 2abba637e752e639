import { expect } from 'chai';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type { JobTimelineResource } from '@chainr/core/api/contract/timeline-resource';
import type { SpanKind } from '@chainr/core/timeline/attempt-spans';
import { barLegend, drawBar } from '../src/views/timeline-bars.js';

const paper = { from: 0, to: 100, columns: 10, unicode: false, colors: false };

function job(status: 'SUCCESSFUL' | 'FAILED' | 'RUNNING', spans: [SpanKind, number, number?][]): JobTimelineResource {
  const drawn = spans.map(([kind, from, to]) => ({
    kind,
    from: isoTime(from),
    ...(to === undefined ? {} : { to: isoTime(to) }),
  }));
  const attempt = { attempt: 1, status, reason: 'Completed' as const, spans: drawn };
  return { name: 'job', status, reason: 'Completed', critical: false, attempts: [attempt] };
}

describe('the bar of a job', () => {
  it('shows waiting, starting and working at their times', () => {
    const bar = drawBar(
      job('SUCCESSFUL', [
        ['dependencies', 0, 20],
        ['queue', 20, 40],
        ['starting', 40, 50],
        ['working', 50, 80],
        ['closing', 80, 90],
      ]),
      paper,
    );
    expect(bar).to.equal('  ..-===');
  });

  it('reaches the right end while the job runs', () => {
    expect(drawBar(job('RUNNING', [['working', 50]]), paper)).to.equal('     =====');
  });

  it('shows failed work differently', () => {
    expect(drawBar(job('FAILED', [['working', 0, 50]]), paper)).to.equal('xxxxx');
  });

  it('has at least one column for each span', () => {
    const bar = drawBar(
      job('SUCCESSFUL', [
        ['starting', 0, 1],
        ['working', 99, 100],
      ]),
      paper,
    );
    expect(bar).to.equal('-        =');
  });

  it('colors each part with one code', () => {
    expect(drawBar(job('RUNNING', [['working', 50]]), { ...paper, unicode: true, colors: true })).to.equal(
      '     \u001b[32m█████\u001b[0m',
    );
  });

  it('is explained in one line', () => {
    expect(barLegend(paper)).to.equal('. waiting  - starting  = working  x failed');
  });
});
