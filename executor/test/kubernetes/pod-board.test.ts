import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { Pod } from '@chainr/testkit/kubernetes/objects';
import type { NewObject } from '@chainr/testkit/kubernetes/store/object-store';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { untilFound } from '@chainr/testkit/until-found';
import { ApiClient } from '../../src/kubernetes/api/api-client.js';
import type { Credentials } from '../../src/kubernetes/api/credentials.js';
import { finalizer, labelsOf } from '../../src/kubernetes/names.js';
import type { PodJson } from '../../src/kubernetes/pod/pod-json.js';
import { viewOf } from '../../src/kubernetes/pod/pod-view.js';
import { PodBoard, type BoardLimits, type Watch } from '../../src/kubernetes/watch/pod-board.js';

describe('the board of pods', () => {
  const standIn = useKubernetes();
  let instances = 0;
  let instance: string;
  let api: ApiClient;
  let board: PodBoard;

  beforeEach(() => {
    instances += 1;
    instance = `instance-${instances}`;
    open();
  });

  afterEach(() => {
    board.close();
    api.close();
  });

  function open(limits: Partial<BoardLimits> = {}, times: { answerMs?: number } = {}): void {
    const tls = {};
    const credentials: Credentials = {
      server: new URL(standIn().url),
      namespace: 'default',
      source: 'a test',
      access: async () => ({ headers: { authorization: `Bearer ${standIn().token}` }, tls }),
      forget: () => undefined,
    };
    api = new ApiClient(credentials, times);
    board = new PodBoard(api, 'default', () => instance, limits);
  }

  const nameOf = (at: number): string => `${instance}-${at}`;

  /** A pod that no node takes, so that only the test changes it. */
  function create(at: number, of = instance): void {
    const pod: NewObject<Pod> = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: nameOf(at),
        namespace: 'default',
        labels: labelsOf(of, { run: 'run', job: `job-${at}`, attempt: 1 }),
        finalizers: [finalizer],
      },
      spec: {
        schedulingGates: [{ name: 'test' }],
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'busybox' }],
      },
      status: { phase: 'Pending', conditions: [] },
    };
    standIn().store.create('pods', pod);
  }

  const path = (at: number): string => `/api/v1/namespaces/default/pods/${nameOf(at)}`;
  const contentType = 'application/merge-patch+json';

  /** As somebody does who knows nothing of chainr. */
  async function vanish(at: number): Promise<void> {
    const stranger = { authorization: `Bearer ${standIn().token}`, 'content-type': contentType };
    const url = standIn().url + path(at);
    await fetch(url, { method: 'PATCH', headers: stranger, body: '{"metadata":{"finalizers":null}}' });
    await fetch(url, { method: 'DELETE', headers: stranger });
  }

  async function note(at: number, text: string): Promise<void> {
    const stranger = { authorization: `Bearer ${standIn().token}`, 'content-type': contentType };
    const body = JSON.stringify({ metadata: { annotations: { 'chainr.dev/verdict': JSON.stringify({ reason: 'Lost', message: text }) } } }); // prettier-ignore
    await fetch(standIn().url + path(at), { method: 'PATCH', headers: stranger, body });
  }

  const requests = (verb: string): number => standIn().requests.get(`${verb} pods`) ?? 0;

  const untilKnown = (at: number) => untilFound(`pod ${at}`, () => board.get(nameOf(at)));
  const untilNoted = (at: number, text: string) =>
    untilFound(`the note of pod ${at}`, () => board.get(nameOf(at))?.verdict?.message === text);
  const untilGone = (at: number) => untilFound(`the end of pod ${at}`, () => board.get(nameOf(at)) === undefined);
  /** Waits until a watch was asked for anew. */
  const untilWatched = (before: number) => untilFound('a watch', () => requests('watch') > before);

  /** Tells whether a wait ended with an outage. */
  async function outageOf(watch: Watch): Promise<string> {
    for (;;) {
      const error: unknown = await watch.next().then(() => undefined, (reason: unknown) => reason); // prettier-ignore
      if (error instanceof Error) return error.message;
    }
  }

  it('lists in pages, once for all who watch, and follows with one watch', async () => {
    board.close();
    open({ pageSize: 3 });
    for (let at = 0; at < 10; at += 1) create(at);
    const [lists, watches] = [requests('list'), requests('watch')];
    const opened = Array.from({ length: 10 }, (_, at) => board.open(nameOf(at)));
    await untilKnown(9);
    await untilWatched(watches);
    for (let at = 0; at < 10; at += 1) expect(board.get(nameOf(at))?.key, nameOf(at)).to.include({ job: `job-${at}` });
    await note(4, 'changed');
    await untilNoted(4, 'changed');
    expect([requests('list') - lists, requests('watch') - watches]).to.deep.equal([4, 1]);
    for (const watch of opened) watch.close();
  });

  it('knows no pods of other instances', async () => {
    create(0);
    create(1, 'another');
    const watch = board.open(nameOf(0));
    await untilKnown(0);
    create(2, 'another');
    create(3);
    await untilKnown(3);
    expect([1, 2].map((at) => board.get(nameOf(at)))).to.deep.equal([undefined, undefined]);
    watch.close();
  });

  it('continues after its connection was cut, without a list and without an outage', async () => {
    create(0);
    const watch = board.open(nameOf(0));
    let outages = 0;
    const over = outageOf(watch).then(() => (outages += 1));
    const watches = requests('watch');
    await untilKnown(0);
    await untilWatched(watches - 1);
    await note(0, 'seen');
    await untilNoted(0, 'seen');
    const lists = requests('list');
    for (const text of ['first', 'second', 'third']) {
      const before = requests('watch');
      standIn().cutWatches();
      await untilWatched(before);
      await note(0, text);
      await untilNoted(0, text);
    }
    expect(requests('list') - lists).to.equal(0);
    expect(outages).to.equal(0);
    watch.close();
    void over;
  });

  it('learns of what happened while it was away: changes, new pods and ends', async () => {
    for (const at of [0, 1]) create(at);
    const watch = board.open(nameOf(1));
    await untilKnown(1);
    await note(0, 'seen');
    await untilNoted(0, 'seen');
    await standIn().stopServer();
    const outage = await outageOf(watch);
    expect(outage).to.contain('does not answer');
    const { store } = standIn();
    store.remove('pods', store.get('pods', 'default', nameOf(1))!);
    create(2);
    await standIn().startServer();
    await untilKnown(2);
    await untilGone(1);
    expect(board.lastOf(nameOf(1))?.name).to.equal(nameOf(1));
    await watch.next();
    watch.close();
  });

  for (const form of ['status', 'event'] as const) {
    it(`lists anew when the history does not reach back so far (410 as ${form === 'status' ? 'the answer' : 'an event'})`, async () => {
      for (const at of [0, 1]) create(at);
      const watch = board.open(nameOf(1));
      let outages = 0;
      void outageOf(watch).then(() => (outages += 1));
      await untilKnown(1);
      await note(0, 'seen');
      await untilNoted(0, 'seen');
      const lists = requests('list');
      standIn().expireWatches(form);
      standIn().cutWatches();
      await vanish(1);
      create(2);
      await untilKnown(2);
      await untilGone(1);
      expect(board.lastOf(nameOf(1))?.name).to.equal(nameOf(1));
      expect(requests('list') - lists).to.be.at.least(1);
      expect(outages).to.equal(0);
      watch.close();
    });
  }

  it('does not take a watch for alive that is silent, or never answered', async () => {
    board.close();
    open({ silentMs: 100 }, { answerMs: 100 });
    create(0);
    const before = requests('watch');
    const watch = board.open(nameOf(0));
    await untilKnown(0);
    await untilWatched(before + 1);
    standIn().hang({ verb: 'watch' });
    await untilWatched(before + 3);
    await note(0, 'seen');
    await untilNoted(0, 'seen');
    watch.close();
  });

  it('says that there is an outage while the API server is away, and goes on', async () => {
    create(0);
    const watch = board.open(nameOf(0));
    await untilKnown(0);
    standIn().refuse({ verb: 'watch', times: 3 }, 503, 0);
    standIn().refuse({ verb: 'list', times: 3 }, 503, 0);
    standIn().cutWatches();
    expect(await outageOf(watch)).to.contain('currently unable');
    await note(0, 'seen');
    await untilNoted(0, 'seen');
    watch.close();
  });

  it('keeps nothing of what is gone and not watched, nor of what it is asked for while nobody watches', async () => {
    board.close();
    open({ lingerMs: 1 });
    create(0);
    expect((await board.fetch(nameOf(0)))?.name).to.equal(nameOf(0));
    expect(board.get(nameOf(0)), 'while nobody watches').to.equal(undefined);
    create(1);
    const [first, second] = [board.open(nameOf(0)), board.open(nameOf(1))];
    await untilKnown(1);
    await vanish(1);
    await untilGone(1);
    expect(board.lastOf(nameOf(1))?.name).to.equal(nameOf(1));
    second.close();
    expect(board.lastOf(nameOf(1)), 'gone and not watched').to.equal(undefined);
    first.close();
    await untilGone(0);
  });

  it('gives the newest state that it has seen, whatever comes last', async () => {
    create(0);
    const old = standIn().store.get('pods', 'default', nameOf(0));
    const watch = board.open(nameOf(0));
    await untilKnown(0);
    await note(0, 'newer');
    await untilNoted(0, 'newer');
    expect(board.offer(JSON.parse(JSON.stringify(old)) as PodJson).verdict?.message).to.equal('newer');
    watch.close();
  });

  it('wakes nobody for an answer that says nothing new', async () => {
    create(0);
    const watch = board.open(nameOf(0));
    await untilKnown(0);
    await note(0, 'seen');
    await untilNoted(0, 'seen');
    await watch.next();
    let woken = 0;
    const next = watch.next().then(() => (woken += 1));
    expect(await board.fetch(nameOf(0))).to.equal(board.get(nameOf(0)));
    await turn();
    expect(woken).to.equal(0);
    await note(0, 'newer');
    await next;
    watch.close();
  });

  it('knows a pod whose verdict somebody else has spoilt', async () => {
    const rows = ['', '{', 'null', '7', '"Lost"', '{"reason":"Lost"}', '{"reason":"Sunny","message":"some"}'];
    for (const [at, text] of rows.entries()) {
      create(at);
      const stored = standIn().store.get('pods', 'default', nameOf(at)) as unknown as PodJson;
      const pod = { ...stored, metadata: { ...stored.metadata, annotations: { 'chainr.dev/verdict': text } } };
      expect(viewOf(pod), text).to.include({ name: nameOf(at), verdict: undefined });
    }
  });
});
