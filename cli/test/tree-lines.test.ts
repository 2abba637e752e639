import { expect } from 'chai';
import stringWidth from 'string-width';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { LiveJob } from '../src/watch/live-jobs.js';
import { treeHead } from '../src/watch/tree-head.js';
import { treeLines } from '../src/watch/tree-lines.js';

const paper = { columns: 80, rows: 20, unicode: true, colors: false, now: 60_000 };
const done: LiveJob = { name: 'done', status: 'SUCCESSFUL', reason: 'Completed', message: 'Ended.', attempt: 1 };
const many = (count: number, job: Partial<LiveJob> = {}): LiveJob[] =>
  Array.from({ length: count }, (_, at) => ({ ...done, name: `${job.status ?? 'done'}-${at}`.toLowerCase(), ...job }));

describe('the tree of a watched run', () => {
  it('has each job below its dependencies, with its status, time and reason', () => {
    const jobs: LiveJob[] = [
      { name: 'deploy', status: 'PENDING', reason: 'WaitingForDependencies', message: 'Waits.', attempt: 0 },
      { ...done, name: 'build', beganAt: 10_000, endedAt: 12_500 },
      { name: 'test', status: 'RUNNING', reason: 'PullingImage', message: '', attempt: 2, beganAt: 50_000 },
      { name: 'lint', status: 'FAILED', reason: 'ExitCode', message: 'Ended with exit code 3.', attempt: 1 },
    ];
    const levels = new Map([
      ['build', 0],
      ['test', 1],
      ['lint', 1],
      ['deploy', 2],
    ]);
    expect(treeLines(jobs, levels, paper)).to.deep.equal([
      '✔ build       SUCCESSFUL    2.5s',
      '  ● test      RUNNING      10.0s  attempt 2, PullingImage',
      '  ✘ lint      FAILED              ExitCode: Ended with exit code 3.',
      '    ○ deploy  PENDING',
    ]);
  });

  it('is drawn in ASCII if the terminal supports nothing else', () => {
    expect(treeLines([done], new Map(), { ...paper, unicode: false })).to.deep.equal(['+ done  SUCCESSFUL']);
  });

  it('replaces less interesting jobs by counts if there are more jobs than lines', () => {
    const jobs = [...many(30), ...many(1, { status: 'FAILED', reason: 'ExitCode' }), ...many(2, { status: 'RUNNING' })];
    const lines = treeLines([...jobs, ...many(40, { name: 'x', status: 'PENDING', reason: 'Queued' })], new Map(), {
      ...paper,
      rows: 8,
    });
    expect(lines.length).to.be.at.most(8);
    expect(lines[0]).to.equal('⋮ 30 SUCCESSFUL');
    expect(lines.slice(1, 4).map((line) => line.slice(0, 11))).to.deep.equal([
      '✘ failed-0 ',
      '● running-0',
      '● running-1',
    ]);
  });

  it('never uses more lines than the terminal has', () => {
    const jobs = many(1000).flatMap((job, at) => [job, { ...job, name: `f-${at}`, status: 'FAILED' as const }]);
    for (const rows of [1, 2, 3, 10, 50])
      expect(treeLines(jobs, new Map(), { ...paper, rows }).length, String(rows)).to.be.at.most(rows);
  });

  it('cuts lines that are wider than the terminal', () => {
    const job: LiveJob = { ...done, name: 'a'.repeat(60), status: 'FAILED', message: '漢字'.repeat(40) };
    for (const columns of [10, 30, 80]) {
      const [line = ''] = treeLines([job], new Map(), { ...paper, columns });
      expect(stringWidth(line), line).to.be.below(columns);
    }
  });
});

describe('the head of the tree', () => {
  const run: Run = {
    kind: 'Run',
    metadata: {
      selfLink: '',
      uid: '01a21207-5a62-715f-9f35-0dc4255faec4',
      name: 'nightly',
      labels: {},
      createdAt: isoTime(0),
      startedAt: isoTime(50_000),
      pool: 'process',
    },
    status: 'RUNNING',
    jobs: [],
    jobCounts: { PENDING: 0, RUNNING: 1, SUCCESSFUL: 1, FAILED: 0, SKIPPED: 0, CANCELED: 0 },
    jobsTruncated: false,
  };
  const jobs = [done, { ...done, name: 'other', status: 'RUNNING' as const }];

  it('shows the run, its status and its time, as far as there is room', () => {
    const head = (columns: number) => treeHead(run, jobs, { columns, colors: false, unicode: true, now: 60_000 });
    const uid = '01a21207-5a62-715f-9f35-0dc4255faec4';
    expect(head(100)).to.equal(`Run ${uid} (nightly) RUNNING 10.0s, 1 of 2 jobs ended`);
    expect(head(80)).to.equal(`Run ${uid} RUNNING 10.0s, 1 of 2 jobs ended`);
    expect(head(50)).to.equal('RUNNING 10.0s, 1 of 2 jobs ended');
    expect(head(20)).to.equal('RUNNING 10.0s, 1 of');
  });
});
