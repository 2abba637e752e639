import type { Job } from '@chainr/core/api/contract/job-resource';
import type { EventLine } from '@chainr/core/api/contract/event-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { jobStatuses } from '@chainr/core/engine/states';
import { HttpServer } from '@chainr/core/service/http-server';
import { createLogger } from '@chainr/core/service/logger';
import { Health } from '@chainr/core/service/health';
import { Metrics } from '@chainr/core/service/metrics';
import express, { type Response } from 'express';
import { createApp } from '../src/create-app.js';
import { readPage } from '../src/read-page.js';

interface FakeLogLine {
  text: string;
  stream?: 'stdout' | 'stderr' | 'system';
  step?: string;
  newline?: false;
}

/** Lists of runs have no titles. */
const withoutTitle = ({ metadata: { title: _title, ...metadata }, ...run }: Run): Run => ({ ...run, metadata });

/** The page with an API in memory, which a test can change. */
export class FakeApi {
  runs: Run[] = [];
  jobs = new Map<string, Job>();
  log: FakeLogLine[] = [{ text: 'hello' }];
  token: string | undefined;
  readonly asked: string[] = [];
  #events: EventLine[] = [];
  readonly #followers = new Set<Response>();
  readonly #server: HttpServer;

  constructor() {
    const logger = createLogger('test', 'silent');
    const app = express();
    app.use('/api', (request, response, next) => {
      this.asked.push(request.originalUrl);
      if (this.token === undefined || request.headers.authorization === `Bearer ${this.token}`) next();
      else response.status(401).json({ kind: 'Error', code: 'Unauthorized', message: 'Send the token.' });
    });
    app.get('/api/events', (request, response) => this.#readEvents(request.query, response));
    app.get('/api/runs', (_request, response) =>
      response.json({ kind: 'RunList', metadata: {}, items: this.runs.map(withoutTitle) }),
    );
    app.get('/api/runs/:uid', ({ params }, response) => {
      const run = this.runs.find(({ metadata }) => metadata.uid === params.uid);
      if (run) response.json(run);
      else response.status(404).json({ kind: 'Error', code: 'NotFound', message: `There is no run ${params.uid}.` });
    });
    app.get('/api/runs/:uid/jobs', ({ params, query }, response) => {
      const all = this.runs.find(({ metadata }) => metadata.uid === params.uid)?.jobs ?? [];
      const from = Number(query['cursor'] ?? 0);
      const next = from + 1000 < all.length ? { next: String(from + 1000) } : {};
      response.json({ kind: 'JobList', metadata: next, items: all.slice(from, from + 1000) });
    });
    app.get('/api/runs/:uid/jobs/:job', ({ params }, response) => response.json(this.jobs.get(params.job)));
    app.get('/api/runs/:uid/jobs/:job/logs', (_request, response) => {
      for (const [offset, line] of this.log.entries()) {
        response.write(
          `${JSON.stringify({ time: '', step: 'main', stream: 'stdout', offset, nextOffset: offset + 1, ...line })}\n`,
        );
      }
      response.end();
    });
    app.use(createApp({ logger, health: new Health(new Metrics('ui'), {}, logger), page: readPage() }));
    this.#server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, logger, { stopDeadlineMs: 10 });
  }

  get url(): string {
    return this.#server.url;
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Adds a run with its jobs, PENDING by default, without an event. */
  addRun(name: string, jobs: readonly Partial<JobSummary>[], status: Run['status'] = 'RUNNING'): Run {
    const summaries = jobs.map((job, at): JobSummary => {
      return { name: `job-${at}`, status: 'PENDING', reason: 'Queued', message: 'Ready; waits for a worker.', ...job };
    });
    const counts = jobStatuses.map((each) => [each, summaries.filter((job) => job.status === each).length]);
    const uid = `0192-${this.runs.length}-${name.replace(/\W/g, '')}`;
    const now = new Date().toISOString();
    const run: Run = {
      kind: 'Run',
      metadata: {
        selfLink: `/api/runs/${uid}`,
        uid,
        name,
        labels: {},
        createdAt: now,
        startedAt: now,
        pool: 'process',
      },
      status,
      jobs: summaries,
      jobCounts: Object.fromEntries(counts) as Run['jobCounts'],
      jobsTruncated: summaries.length > 100,
    };
    this.runs.unshift(run);
    return run;
  }

  /** Sends an event to every page that follows the events. */
  tell(event: Record<string, unknown>): void {
    const line = { cursor: `${this.#events.length + 1}-0`, time: new Date().toISOString(), ...event } as EventLine;
    this.#events.push(line);
    for (const response of this.#followers) response.write(`${JSON.stringify(line)}\n`);
  }

  /** Breaks every stream of events, as a restart would. */
  breakStreams(): void {
    for (const response of this.#followers) response.destroy();
  }

  #readEvents(query: Record<string, unknown>, response: Response): void {
    const after = query['after'] === 'latest' ? this.#events.length : Number.parseInt(String(query['after']), 10);
    response.setHeader('X-Chainr-Cursor', `${after}-0`);
    response.flushHeaders();
    for (const event of this.#events.slice(after)) response.write(`${JSON.stringify(event)}\n`);
    if (query['follow'] !== 'true') {
      response.end();
      return;
    }
    this.#followers.add(response);
    response.once('close', () => this.#followers.delete(response));
  }
}
