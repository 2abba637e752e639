import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { openApiDocument } from '@chainr/core/api/server/openapi';
import { pipelineContentTypes } from '@chainr/core/pipeline/content-types';
import { HttpServer } from '@chainr/core/service/http-server';
import { keys } from '@chainr/core/store/redis/keys';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { untilClosed, untilEvent, untilFinal } from '@chainr/testkit/waits';
import { expect } from 'chai';
import { openGate } from '../test/open-gate.js';
import { serverLimits } from '../src/limits.js';
import { Description, type Answer, type Json } from './described/read-description.js';
import { addressOf, Walk, type Asked, type Sample, type World } from './described/walk-operation.js';

/** A list of thousands is printed as their number alone. */
const differencesShown = 20;
const token = 'a-token-of-some-length';
const job = 'first';
const step = { image: 'busybox', run: ':' };
const pipeline = { kind: 'Pipeline', metadata: { name: 'walked' }, jobs: { [job]: step } };
/** Its run goes on for ever beside a job that has failed. */
const failing = { kind: 'Pipeline', jobs: { bad: step, held: step } };

describe('the OpenAPI document', function () {
  this.timeout(600_000);
  let all: Constellation;
  let description: Description;
  let world: World;
  /** A run that has ended. */
  let ended: string;
  const agent = new http.Agent({ keepAlive: true });

  before(async () => {
    const executor = createFakeExecutor({
      decide: ({ job: name }) => {
        if (name === 'held') return { hold: true };
        if (name === 'bad') return { outcome: { reason: 'ExitCode', exitCode: 1 } };
        return { lines: [{ text: 'one' }, { text: 'two' }] };
      },
    });
    all = await startConstellation({ executor, gate: { token }, work: { capacity: 500 } });
    description = new Description(await documentOf());
    ended = await createEnded();
    const worker = await workerId();
    world = { ask, words: [job], samples: (id) => samplesOf(id, worker) };
  });
  after(async () => {
    agent.destroy();
    await all.stop();
  });

  const ids = (): string[] => description.operations.map(({ operationId }) => operationId);

  async function documentOf(): Promise<Json> {
    const { text } = await ask('/api/openapi.json', { method: 'GET', params: {}, query: [], headers: {} });
    return withTestExecutor(JSON.parse(text) as Json);
  }

  /** No document names the executor of tests, which runs all jobs here. */
  function withTestExecutor(document: Json): Json {
    const text = JSON.stringify(document);
    const named = text.replaceAll('"enum":["process",', '"enum":["fake","process",');
    expect(named, 'the kinds of executors in the document').to.not.equal(text);
    return JSON.parse(named) as Json;
  }

  async function ask(path: string, { method, headers, body }: Asked, url = all.url): Promise<Answer> {
    const bearer = { Authorization: `Bearer ${token}` };
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const sent = { ...bearer, ...length, ...headers };
    const request = http.request(`${url}${path}`, { method, headers: sent, agent }).end(body);
    return readAnswer(request);
  }

  async function readAnswer(request: http.ClientRequest): Promise<Answer> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  async function create(body: object | string, headers: Record<string, string> = {}): Promise<string> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = { 'Content-Type': 'application/json', ...headers };
    const answer = await ask('/api/runs', { method: 'POST', params: {}, query: [], headers: sent, body: text });
    expect(answer.status, answer.text).to.equal(202);
    return (JSON.parse(answer.text) as { metadata: { uid: string } }).metadata.uid;
  }

  async function createEnded(): Promise<string> {
    return untilStored(await create(pipeline));
  }

  /** Until all of a run is stored, so that it can be deleted. */
  async function untilStored(uid: string): Promise<string> {
    await untilFinal(all.store.events, uid);
    await untilClosed(all.store, uid);
    return uid;
  }

  async function createFailed(): Promise<string> {
    const uid = await create(failing);
    const isOver = (event: object): boolean => 'status' in event && event.status === 'FAILED';
    await untilEvent(all.store.events, (event) => event.run === uid && isOver(event));
    return uid;
  }

  async function createDeleted(key: string): Promise<string> {
    const uid = await untilStored(await create(pipeline, { 'Idempotency-Key': key }));
    expect(await all.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    return uid;
  }

  async function workerId(): Promise<string> {
    const [worker] = await all.store.workers.list();
    if (!worker) throw new Error('there is no worker');
    return worker.id;
  }

  async function samplesOf(id: string, worker: string): Promise<[Sample, ...Sample[]]> {
    const params = { uid: ended, job, worker };
    const bulk = { params, query: [['name', 'nothing-is-named-so'] as const, ['dryRun', 'true'] as const] };
    switch (id) {
      case 'createRun':
      case 'validatePipeline':
        return [{ params, body: JSON.stringify(pipeline) }];
      case 'deleteRun':
        return [{ params: { uid: await createEnded() } }];
      case 'retryJob':
        return [{ params: { uid: await createFailed(), job: 'bad' } }];
      case 'rerunRun':
        return [
          { params, body: '{"from":"all"}' },
          { params, body: '{"from":["first"]}' },
        ];
      case 'cancelRuns':
      case 'rerunRuns':
      case 'deleteRuns':
        return [
          bulk,
          {
            ...bulk,
            query: [
              ['name', 'walked'],
              ['dryRun', 'true'],
            ],
          },
        ];
      case 'getPipeline': {
        const uids = await Promise.all(pipelineContentTypes.map((type) => create(pipeline, { 'Content-Type': type })));
        const [first, ...rest] = uids.map((uid) => ({ params: { uid } }));
        return [first ?? { params }, ...rest];
      }
      case 'readLog':
        return [
          { params },
          { params, headers: { Accept: 'application/x-ndjson' } },
          { params, query: [['raw', 'true']] },
          { params, query: [['follow', 'true']], headers: { Accept: 'application/x-ndjson' } },
        ];
      case 'readEvents':
        return [
          { params, query: [['limit', '2']] },
          {
            params,
            query: [
              ['limit', '2'],
              ['follow', 'true'],
            ],
          },
          {
            params,
            query: [
              ['limit', '2'],
              ['after', '99999999999999-0'],
            ],
          },
        ];
      default:
        return [{ params }];
    }
  }

  async function walk(read: Description, operationIds: readonly string[]): Promise<Walk> {
    const walking = new Walk(read, world);
    for (const id of operationIds) await walking.operation(read.operation(id));
    return walking;
  }

  /** What is refused before it reaches a service, or since none answers, and that for every operation alike. */
  async function refuseEarly(walking: Walk, read: Description, operationIds: readonly string[]): Promise<void> {
    const slow = new HttpServer('slow', () => undefined, { host: '127.0.0.1', port: 0 }, silentLogger, {
      limits: { ...serverLimits, headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10 },
    });
    const [open, full, empty] = await Promise.all([openGate(), openGate({ connectionsPerClient: 1 }), openGate()]);
    await slow.start();
    for (const name of ['sched', 'notif'] as const) empty.handlers[name] = ({ socket }) => socket.destroy();
    const holding = net.connect(full.port, '127.0.0.1');
    await once(holding, 'connect');
    try {
      for (const operation of operationIds.map((id) => read.operation(id))) {
        const asked = await walking.sample(operation);
        const address = addressOf(operation, asked);
        const compare = (what: string, answer: Answer, status: number): void => {
          expect(answer.status, `${what} of ${operation.operationId}: ${answer.text}`).to.equal(status);
          walking.compare(operation, what, answer);
        };
        const withHeaders = (headers: Record<string, string>): Asked => ({ ...asked, headers: { ...asked.headers, ...headers } }); // prettier-ignore
        const authorization = (value: string): Asked => withHeaders({ Authorization: value });
        compare('no token', await ask(address, authorization('')), 401);
        compare('another token', await ask(address, authorization('Bearer another-token-of-some-length')), 401);
        compare('a foreign name', await ask(address, withHeaders({ Host: 'foreign.example' }), open.url), 403);
        compare('a foreign page', await ask(address, withHeaders({ Origin: 'http://foreign.example' })), 403);
        compare('a slow request', await answerOfRaw(slow.url, `${asked.method} ${address} HTTP/1.1\r\n`), 408);
        const large = `${asked.method} ${address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${asked.headers['Content-Type'] ?? 'application/json'}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9000000\r\nConnection: close\r\n\r\n`; // prettier-ignore
        compare('a large body', await answerOfRaw(all.url, large, Buffer.alloc(9_000_000)), 413);
        const long = { ...asked, query: [...asked.query, ['long', 'x'.repeat(9_000)] as const] };
        compare('a long address', await ask(addressOf(operation, long), long), 414);
        compare('one connection too many', await askOnce(`${full.url}${address}`, asked), 429);
        compare('no service', await ask(address, asked, empty.url), 503);
      }
    } finally {
      holding.destroy();
      await Promise.all([open.close(), full.close(), empty.close(), slow.stop()]);
    }
  }

  function askOnce(url: string, { method, headers, body }: Asked): Promise<Answer> {
    return readAnswer(http.request(url, { method, headers, agent: false }).end(body));
  }

  /** Sends bytes as they are and reads the answer until the server closes. */
  async function answerOfRaw(url: string, head: string, body = Buffer.alloc(0)): Promise<Answer> {
    const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    socket.on('error', () => undefined); // What is closed while more is sent may be reset; its answer is read before.
    socket.write(head);
    socket.write(body);
    const text = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
    const [start, rest] = split(text, '\r\n\r\n');
    const [line = '', ...lines] = start.split('\r\n');
    const headers = Object.fromEntries(lines.map((each) => split(each, ': ')).map(([name, value]) => [name.toLowerCase(), value])); // prettier-ignore
    return { status: Number(line.split(' ')[1]), headers, text: rest };
  }

  function split(text: string, by: string): [string, string] {
    const at = text.indexOf(by);
    return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
  }

  /** What depends on what is stored: conflicts, and what is gone. */
  async function contradict(walking: Walk): Promise<void> {
    const failed = await createFailed();
    const other = JSON.stringify({ ...pipeline, maxParallel: 2 });
    const key = { 'Idempotency-Key': 'used' };
    const text = JSON.stringify(pipeline);
    await create(pipeline, key);
    await createDeleted('of-a-deleted-run');
    const gone = { 'Idempotency-Key': 'of-a-deleted-run' };
    const rerunKey = { 'Idempotency-Key': 'of-a-deleted-rerun' };
    const rerun: Sample = { params: { uid: ended }, headers: rerunKey, body: '{"from":"all"}' };
    const made = await askSample('rerunRun', rerun);
    const rerunUid = (JSON.parse(made.text) as { metadata: { uid: string } }).metadata.uid;
    expect(await all.store.runs.deleteRun(await untilStored(rerunUid))).to.eql({ kind: 'deleted' });
    const logless = await createEnded();
    const client = await openRedisClient(all.redis.url);
    await client.hset(keys.run(logless), 'logsRemovedAt', Date.now());
    client.disconnect();
    const cases: [operationId: string, status: number, sample: Sample][] = [
      ['createRun', 409, { params: {}, headers: key, body: other }],
      ['createRun', 410, { params: {}, headers: gone, body: text }],
      ['deleteRun', 409, { params: { uid: failed } }],
      ['retryJob', 409, { params: { uid: ended, job } }],
      ['rerunRun', 409, { params: { uid: failed } }],
      ['rerunRun', 410, rerun],
      ['readLog', 410, { params: { uid: logless, job } }],
    ];
    for (const [id, status, sample] of cases) {
      const answer = await askSample(id, sample);
      expect(answer.status, `${id}: ${answer.text}`).to.equal(status);
      walking.compare(description.operation(id), JSON.stringify(sample), answer);
    }
  }

  function askSample(id: string, { params, query = [], headers = {}, body }: Sample): Promise<Answer> {
    const operation = description.operation(id);
    const { method } = operation;
    const typed = operation.requestBody ? { 'Content-Type': 'application/json' } : {};
    const asked = { method, params, query, headers: { ...typed, ...headers }, ...(body === undefined ? {} : { body }) };
    return ask(addressOf(operation, asked), asked);
  }

  async function whileRedisIsAway(walking: Walk): Promise<void> {
    const asking = await Promise.all(
      description.operations.map(async (operation) => ({ operation, asked: await walking.sample(operation) })),
    );
    process.kill(all.redis.pid, 'SIGSTOP');
    try {
      for (const { operation, asked } of asking) {
        const answer = await ask(addressOf(operation, asked), asked);
        walking.compare(operation, 'Redis is away', answer);
        const needsNone = ['listResources', 'getOpenApi', 'validatePipeline'].includes(operation.operationId);
        expect(answer.status, operation.operationId).to.equal(needsNone ? 200 : 503);
      }
    } finally {
      process.kill(all.redis.pid, 'SIGCONT');
    }
  }

  it('matches every operation, for allowed and forbidden requests', async () => {
    const walking = await walk(description, ids());
    await refuseEarly(walking, description, ids());
    await contradict(walking);
    await whileRedisIsAway(walking);
    expect(walking.differences, walking.differences.slice(0, differencesShown).join('\n')).to.be.empty;
    // Nothing is declared that was not seen, but for the faults of chainr itself.
    for (const { operationId, responses } of description.operations) {
      const types = Object.entries(responses).flatMap(([status, { content }]) =>
        status.startsWith('2') ? Object.keys(content) : [],
      );
      const declared = [...Object.keys(responses).filter((status) => status !== '500'), ...types];
      expect([...(walking.seen.get(operationId) ?? [])], operationId).to.have.members(declared);
    }
  });

  /** Puts something else at a place of a document; undefined removes it. Entries of lists are found by their name. */
  function put(document: Json, path: readonly string[], value: unknown): void {
    const key = path.at(-1) ?? '';
    const place = path.slice(0, -1).reduce<unknown>((part, step) => {
      const found: unknown = Array.isArray(part)
        ? (part as Json[]).find(({ name }) => name === step)
        : (part as Json)[step];
      if (found === undefined) throw new Error(`The document has no ${step}.`);
      return found;
    }, document) as Json;
    if (value === undefined) delete place[key];
    else place[key] = value;
  }

  const at = (path: string, method: string, ...rest: string[]): string[] => ['paths', path, method, ...rest];
  const schemaOf = (path: string, method: string, name: string) => at(path, method, 'parameters', name, 'schema');
  const answerOf = (path: string, method: string, status: string, ...rest: string[]) => at(path, method, 'responses', status, ...rest); // prettier-ignore
  const ofSchema = (...path: string[]): string[] => ['components', 'schemas', ...path];
  const text = { type: 'string' };
  const pipelineTypes = answerOf('/api/runs/{uid}/pipeline', 'get', '200', 'content');
  const logTypes = answerOf('/api/runs/{uid}/jobs/{job}/logs', 'get', '200', 'content');

  /** What a document said once, or might say, that is not so; and the operation that shows it. */
  const wrongs: Record<string, [operationId: string, path: readonly string[], value: unknown]> = {
    'the field `from` is required': ['rerunRun', ofSchema('RerunRequest', 'required'), ['from']],
    'the field `from` of many is required': ['rerunRuns', ofSchema('BulkRerunRequest', 'required'), ['from']],
    'any field may be sent': ['rerunRun', ofSchema('RerunRequest', 'additionalProperties'), undefined],
    'a pipeline as JSON is a string': ['getPipeline', [...pipelineTypes, 'application/json', 'schema'], text],
    'no pipeline is text/yaml': ['getPipeline', [...pipelineTypes, 'text/yaml'], undefined],
    'no body is needed': ['cancelRun', at('/api/runs/{uid}/cancel', 'post', 'requestBody', 'required'), false],
    '`since` is any text': ['listRuns', schemaOf('/api/runs', 'get', 'since'), text],
    '`until` is any text': ['deleteRuns', schemaOf('/api/runs', 'delete', 'until'), text],
    '`label` is any text': ['cancelRuns', schemaOf('/api/runs/cancel', 'post', 'label'), text],
    '`after` is any text': ['readEvents', schemaOf('/api/events', 'get', 'after'), text],
    '`externalId` is any text': ['createRun', schemaOf('/api/runs', 'post', 'externalId'), text],
    'a key is any text': ['createRun', schemaOf('/api/runs', 'post', 'Idempotency-Key'), text],
    'no request is too slow': ['getRun', answerOf('/api/runs/{uid}', 'get', '408'), undefined],
    'no address is too long': ['getRun', answerOf('/api/runs/{uid}', 'get', '414'), undefined],
    'no body is too large': ['pause', answerOf('/api/admin/pause', 'post', '413'), undefined],
    'no client has too many connections': ['listWorkers', answerOf('/api/admin/workers', 'get', '429'), undefined],
    '`jobsTruncated` is a text': ['getRun', ofSchema('Run', 'properties', 'jobsTruncated'), text],
    'jobs have no message': ['listJobs', ofSchema('JobSummary'), { type: 'object', properties: { name: text, status: text, reason: text } }],
    'each run has a start and more': ['getRun', ofSchema('Run', 'required'), ['kind', 'finishedAt']],
    'a new run has no address': ['createRun', answerOf('/api/runs', 'post', '202', 'headers', 'Location'), undefined],
    'logs are text alone': ['readLog', [...logTypes, 'application/x-ndjson'], undefined],
    'a wrong method hears of no other': ['pause', answerOf('/api/admin/pause', 'post', '405', 'headers', 'Allow'), undefined],
    'no code is Unauthorized': ['pause', answerOf('/api/admin/pause', 'post', '401', 'description'), ''],
    'answers may be kept': ['listWorkers', ['components', 'headers', 'Cache-Control', 'schema', 'const'], 'max-age=60'],
  }; // prettier-ignore
  for (const [wrong, [operationId, path, value]] of Object.entries(wrongs))
    it(`does not match the operations if it says that ${wrong}`, async () => {
      const document = withTestExecutor(openApiDocument('1.2.3'));
      put(document, path, value);
      const read = new Description(document);
      const walking = await walk(read, [operationId]);
      await refuseEarly(walking, read, [operationId]);
      expect(walking.differences).not.to.be.empty;
    });
});
