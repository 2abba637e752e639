import { once } from 'node:events';
import { request, type OutgoingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '@chainr/testkit/redis';
import { largeEnv, limitPipelines, type LimitPipeline } from './limit-pipelines.js';
import { redisSettings } from './open-engine.js';
import type { Row } from './row.js';
import { buildServices, spawnService, type SpawnedService } from './spawn-service.js';

/** A slow request is repeated, and its shortest block counts: the others had to share their processor. */
const tries = 3;
const shortMs = 100;
const settleMs = 50;
const runsOfList = 100;
const namesOfRerun = 9_000;

/** A time in which the event loop ran no timer. */
interface LoopBlock {
  ms: number;
  /** CPU time of the event loop's thread in this time: on a busy machine it may have waited for a processor. */
  cpuMs: number;
}

interface Sent {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

interface Answer {
  /** 0 if sched closed the connection before the whole body was sent: without gate nobody reads a refused body to its end. */
  status: number;
  body: string;
}

/** Requests about a stored run, from its uid and the name of one of its jobs. */
const questions: Readonly<Record<string, (run: string, job: string) => Sent>> = {
  GET: (run) => get(run),
  jobs: (run) => get(`${run}/jobs?limit=1000`),
  pipeline: (run) => get(`${run}/pipeline`),
  timeline: (run) => get(`${run}/timeline?limit=1000`),
  job: (run, job) => get(`${run}/jobs/${job}`),
  why: (run, job) => get(`${run}/jobs/${job}/why`),
  'log of a step': (run, job) => get(`${run}/jobs/${job}/logs?step=none`),
  'rerun of all': (run) => post(`${run}/rerun`, { from: 'all' }),
  'rerun of unknown jobs': (run) => post(`${run}/rerun`, { from: names((at) => `unknown-${at}`.padEnd(60, 'x')) }),
  'rerun of jobs with typing errors': (run) => post(`${run}/rerun`, { from: names((at) => `k${at}`.padEnd(63, 'x')) }),
  cancel: (run) => post(`${run}/cancel`),
  'rerun of what failed': (run) => post(`${run}/rerun`, { from: 'failed' }),
};

const small: Readonly<Record<string, Sent>> = {
  'resume, 200 keys': post(
    '/api/admin/resume',
    Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, 1])),
  ),
  'rerun of a run that is not there, 1 MB': post('/api/runs/none/rerun', {
    from: names((at) => `${at}`.padEnd(100, 'x')),
  }),
  'rerun from 500,000 numbers': { ...post('/api/runs/none/rerun'), body: `{"from":[${'0,'.repeat(500_000)}0]}` },
  'a query of 15 KB': get(
    `/api/runs?label=${Array.from({ length: 1_500 }, (_, at) => `k${at}=v`)
      .join('&label=')
      .slice(0, 15_000)}`,
  ),
  'a query of ampersands': get(`/api/runs?${'&'.repeat(15_000)}`),
};

/** The longest block of sched's event loop by kind of request, each with bodies, runs and queries at their limits. */
export async function* measureEventLoop(): AsyncGenerator<Row> {
  await buildServices();
  const redis = await startRedis(redisSettings);
  const sched = await spawnService('sched', redis.folder, { CHAINR_REDIS_URL: redis.url }, { watched: true });
  try {
    const worst = new Map<string, { name: string; status: number; block: LoopBlock; count: number }>();
    const measure = async (kind: string, name: string, what: Sent): Promise<Answer> => {
      const { answer, block } = await sendWatched(sched, what);
      const known = worst.get(kind);
      const count = (known?.count ?? 0) + 1;
      if (process.env['CHAINR_BENCH_ALL'])
        console.log(
          `    ${kind}: ${name}: ${answer.status}, ${block.ms.toFixed(0)} ms, CPU ${block.cpuMs.toFixed(0)} ms`,
        );
      const isWorse = !known || block.ms > known.block.ms;
      worst.set(kind, isWorse ? { name, status: answer.status, block, count } : { ...known, count });
      return answer;
    };
    await warmUp(sched);
    const stored = new Map<string, string>();
    for (const [name, make] of limitPipelines) {
      const pipeline = make();
      await measure('validate', name, post('/api/pipelines/validate', pipeline));
      const created = await measure('create', name, withKey(name.replace(/\W+/g, '-'), post('/api/runs', pipeline)));
      if (created.status === 202) stored.set(name, uidIn(created));
    }
    for (const [name, uid] of stored) {
      const run = `/api/runs/${uid}`;
      const jobs = await measure('jobs', name, get(`${run}/jobs?limit=1000`));
      const job = (JSON.parse(jobs.body) as { items: { name: string }[] }).items.at(-1)?.name ?? '';
      for (const [kind, ask] of Object.entries(questions)) await measure(kind, name, ask(run, job));
    }
    for (const [name, sent] of Object.entries(small)) await measure('small requests', name, sent);
    for (let run = 0; run < runsOfList; run += 1) await send(sched, post('/api/runs', largeEnv()));
    const ofEnvs = 'of runs with 1 MiB of variables';
    await measure('lists', ofEnvs, get(`/api/runs?limit=${runsOfList}`));
    await measure('lists', `${ofEnvs}, filtered`, get(`/api/runs?limit=${runsOfList}&status=PENDING&label=none`));
    await measure('bulk', `cancel ${ofEnvs}`, post('/api/runs/cancel?all=true'));
    await measure('bulk', `rerun ${ofEnvs}`, post('/api/runs/rerun?all=true', { from: 'all' }));
    for (const [kind, { name, status, block, count }] of worst) {
      const figure = `worst of ${count}: ${name} (${status}), CPU ${block.cpuMs.toFixed(0)} ms`;
      yield { name: `sched blocks, ${kind}`, figure, value: block.ms, unit: 'ms', target: { atMost: 200 } };
    }
  } finally {
    await sched.stop();
    await redis.stop();
  }
}

/** So that neither the compilation of code nor the start of the thread is measured. */
async function warmUp(sched: SpawnedService): Promise<void> {
  const large = limitPipelines.get('10,000 jobs, scripts of 700 bytes');
  if (large) await send(sched, post('/api/pipelines/validate', large()));
  await send(sched, get('/api/runs'));
}

/** Sends a request, and repeats it a few times if it seems to block the event loop, to see whether it really does. */
async function sendWatched(sched: SpawnedService, what: Sent): Promise<{ answer: Answer; block: LoopBlock }> {
  let best: { answer: Answer; block: LoopBlock } | undefined;
  for (let attempt = 0; attempt < tries && (!best || best.block.ms > shortMs); attempt += 1) {
    await pause(settleMs);
    await longestBlock(sched);
    const answer = await send(sched, what);
    const block = await longestBlock(sched);
    if (!best || block.ms < best.block.ms) best = { answer: best?.answer ?? answer, block };
  }
  if (!best) throw new Error('nothing was sent');
  return best;
}

async function longestBlock({ child }: SpawnedService): Promise<LoopBlock> {
  const told = once(child, 'message');
  child.send('tell');
  return ((await told) as [LoopBlock])[0];
}

function send({ socketPath }: SpawnedService, { method, path, headers = {}, body = '' }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ socketPath, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    sending.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') resolve({ status: 0, body: '' });
      else reject(error);
    });
    sending.end(body);
  });
}

function get(path: string): Sent {
  return { method: 'GET', path };
}

function post(path: string, what: LimitPipeline | object = {}): Sent {
  const isPipeline = 'contentType' in what;
  const contentType = isPipeline ? what.contentType : 'application/json';
  return { method: 'POST', path, headers: { 'Content-Type': contentType }, body: isPipeline ? what.text : JSON.stringify(what) }; // prettier-ignore
}

/** With a key the body is hashed too. */
const withKey = (key: string, { headers, ...rest }: Sent): Sent => ({
  ...rest,
  headers: { ...headers, 'Idempotency-Key': key },
});

const uidIn = ({ body }: Answer): string => (JSON.parse(body) as { metadata: { uid: string } }).metadata.uid;

function names(name: (at: number) => string): string[] {
  return Array.from({ length: namesOfRerun }, (_, at) => name(at));
}
