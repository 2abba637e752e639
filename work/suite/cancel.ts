import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { FaultPoint } from '@chainr/core/engine/fault-points';
import type { ChainrEvent, RunUid } from '@chainr/core/engine/records';
import { beginning } from '@chainr/core/store/events/event-stream';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup, type Fault } from '@chainr/testkit/worker-group';
import { noteStart, type Subject } from './seen-from-outside.js';

/** How many rows run at once. Each has up to two workers. */
const atOnce = 3;
const stopGraceMs = 1_000;
/** The longest time from the cancel to the end of everything that runs, on a busy machine. */
const withinMs = 30_000;

interface Scene {
  group: WorkerGroup;
  subject: Subject;
  home: string;
  /** Ended with the scene. */
  workers: Command[];
}

interface Row {
  /** The state of the job `only` when the cancel comes. */
  state: string;
  /** The pipeline without its environment. */
  pipeline: object;
  /** Brings the run into that state. */
  arrange: (scene: Scene, create: () => Promise<RunUid>) => Promise<RunUid>;
  /** What happens right after the cancel. */
  then?: (scene: Scene, run: RunUid) => Promise<void>;
  /** What happens after the end: the frozen or disconnected worker comes back. */
  back?: (scene: Scene) => void;
  /** The timeout of the run passes at the same time as the cancel. */
  withTimeout?: true;
  /** Status and reason of the job, and status of the run, at the end. */
  ends?: readonly [status: string, reason: string, run: string];
  reply?: 'unchanged';
  /** The steps that may have been started. */
  starts?: readonly string[];
}

const sleeping = { image: 'busybox', run: `${noteStart}; echo here; sleep 1000` };
const stubborn = { image: 'busybox', run: `trap '' TERM; ${noteStart}; echo here; while :; do sleep 1; done` };
const quick = { image: 'busybox', run: noteStart };
/** More output than is stored with the end, so that the attempt is closed later. */
const talkative = { image: 'busybox', run: `${noteStart}; awk 'BEGIN { for (i = 0; i < 3000; i++) print "line " i }'` };
const alone = { jobs: { only: sleeping } };

const untilReason = (group: WorkerGroup, run: RunUid, job: string, reason: string) =>
  untilEvent(
    group.store.events,
    (event) => event.kind !== 'run.created' && event.kind !== 'run.status' && event.run === run && event.job === job && event.reason === reason, // prettier-ignore
    { withinMs },
  );

/** A run with a job that executes on a first worker. */
const executing =
  (job = 'only') =>
  async ({ group, workers }: Scene, create: () => Promise<RunUid>) => {
    workers.push(await group.startWorker());
    const run = await create();
    await untilReason(group, run, job, 'Executing');
    return run;
  };

const another = async ({ group, workers }: Scene) => {
  workers.push(await group.startWorker());
};

/** A worker that has reached a point of its only attempt, and is frozen or disconnected there. */
const at =
  (fault: Fault) =>
  async ({ group, workers }: Scene, create: () => Promise<RunUid>) => {
    workers.push(await group.startWorker(fault));
    const run = await create();
    await group.untilReached(fault);
    return run;
  };

const freeze = ([first]: readonly Command[]): void => {
  process.kill(first!.pid, 'SIGSTOP');
};
const thaw = ([first]: readonly Command[]): void => {
  process.kill(first!.pid, 'SIGCONT');
};
const kill = async (workers: Command[]): Promise<void> => {
  const first = workers.shift()!;
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
};

async function untilAdopted(group: WorkerGroup, run: RunUid): Promise<void> {
  await untilFound('an adoption', () => group.adoptionsOf(run, 0), Boolean, { everyMs: 2 });
}

const frozenAt = (point: FaultPoint): Row => {
  const fault: Fault = { point, signal: 'SIGSTOP' };
  return {
    state: `starting, frozen ${point}`,
    pipeline: alone,
    arrange: at(fault),
    then: another,
    back: ({ group, workers }) => group.undo(workers[0]!, fault),
    ...(point !== 'after-start' && { starts: [] }),
  };
};
const cutOff: Fault = { point: 'after-log-append', signal: 'CUT' };
const slow: Fault = { point: 'after-claim', signal: 'SIGSTOP' };
const unclosed: Fault = { point: 'before-close', signal: 'SIGSTOP' };

const rows: readonly Row[] = [
  {
    state: 'waiting',
    pipeline: { jobs: { only: { ...quick, dependsOn: ['other'] }, other: sleeping } },
    arrange: executing('other'),
    starts: ['other 1 main'],
  },
  {
    state: 'queued',
    pipeline: alone,
    arrange: (_scene, create) => create(),
    then: async (scene) => {
      await another(scene);
      await scene.group.untilRenewed(3);
    },
    starts: [],
  },
  {
    state: 'parked for a slot',
    pipeline: { maxParallel: 1, jobs: { other: sleeping, only: quick } },
    arrange: executing('other'),
    starts: ['other 1 main'],
  },
  {
    state: 'backing off',
    pipeline: { jobs: { only: { image: 'busybox', run: `${noteStart}; exit 3`, retries: { limit: 3, backoff: { initial: '1h' } } } } }, // prettier-ignore
    arrange: async ({ group, workers }, create) => {
      workers.push(await group.startWorker());
      const run = await create();
      await untilReason(group, run, 'only', 'RetryBackoff');
      return run;
    },
    starts: ['only 1 main'],
  },
  {
    state: 'starting',
    pipeline: alone,
    arrange: at(slow),
    then: async ({ group, workers }) => group.undo(workers[0]!, slow),
  },
  ...(['after-claim', 'after-create', 'after-start'] as const).map(frozenAt),
  { state: 'executing', pipeline: alone, arrange: executing() },
  { state: 'executing, deaf to SIGTERM', pipeline: { jobs: { only: stubborn } }, arrange: executing() },
  {
    state: 'executing, frozen worker',
    pipeline: alone,
    arrange: async (scene, create) => {
      const run = await executing()(scene, create);
      freeze(scene.workers);
      return run;
    },
    then: another,
    back: ({ workers }) => thaw(workers),
  },
  {
    state: 'executing, worker frozen until adopted',
    pipeline: alone,
    arrange: async (scene, create) => {
      const run = await executing()(scene, create);
      freeze(scene.workers);
      return run;
    },
    then: async (scene, run) => {
      await another(scene);
      await untilAdopted(scene.group, run);
      thaw(scene.workers);
    },
  },
  {
    state: 'executing, worker cut off',
    pipeline: alone,
    arrange: at(cutOff),
    then: another,
    back: ({ group, workers }) => group.undo(workers[0]!, cutOff),
  },
  {
    state: 'executing, worker killed',
    pipeline: alone,
    arrange: async (scene, create) => {
      const run = await executing()(scene, create);
      await kill(scene.workers);
      return run;
    },
    then: another,
  },
  {
    state: 'executing, just adopted',
    pipeline: alone,
    arrange: async (scene, create) => {
      const run = await executing()(scene, create);
      await another(scene);
      await kill(scene.workers);
      await untilAdopted(scene.group, run);
      return run;
    },
  },
  { state: 'executing, and the timeout of its run', pipeline: { ...alone, timeout: '8s' }, arrange: executing(), withTimeout: true }, // prettier-ignore
  {
    state: 'ended, not closed',
    pipeline: { jobs: { only: talkative, other: sleeping } },
    arrange: at(unclosed),
    then: another,
    back: ({ group, workers }) => group.undo(workers[0]!, unclosed),
    ends: ['SUCCESSFUL', 'Completed', 'CANCELED'],
    starts: ['only 1 main', 'other 1 main'],
  },
  {
    state: 'final',
    pipeline: { jobs: { only: quick } },
    arrange: async ({ group, workers }, create) => {
      workers.push(await group.startWorker());
      const run = await create();
      await untilFinal(group.store.events, run, withinMs);
      return run;
    },
    ends: ['SUCCESSFUL', 'Completed', 'SUCCESSFUL'],
    reply: 'unchanged',
  },
];

interface Told {
  state: string;
  job: string;
  run: string;
  lastSeenMs: number;
  starts: number;
  left: readonly string[];
}

export function cancelTests(subject: Subject): void {
  const folders = useDataFolders();
  const told: Told[] = [];

  after(() => {
    if (told.length === 0) return;
    console.log(
      `      ${subject.kind}: state at the cancel, the job, the run, last seen running after, starts, left running`,
    );
    const placeOf = ({ state }: Told) => rows.findIndex((row) => row.state === state);
    for (const each of told.sort((one, other) => placeOf(one) - placeOf(other))) {
      const { state, job, run, lastSeenMs, starts, left } = each;
      const after = `${(lastSeenMs / 1000).toFixed(2)} s`.padStart(8);
      console.log(`      ${state.padEnd(40)} ${job.padEnd(24)} ${run.padEnd(10)} ${after}  ${starts}  ${left.length}`);
    }
  });

  async function cancelAt(row: Row): Promise<void> {
    const home = await folders.make();
    const env = { ...briefLeases, CHAINR_STOP_GRACE: `${stopGraceMs}ms`, ...subject.env() };
    const group = await WorkerGroup.start({ home, kind: subject.kind, env });
    const scene: Scene = { group, subject, home, workers: [] };
    try {
      await inScene(scene, row);
    } finally {
      await group.stop();
    }
  }

  async function inScene(scene: Scene, row: Row): Promise<void> {
    const { group, home, workers } = scene;
    const { state, pipeline, reply = 'ok', starts = ['only 1 main'], ends = ['CANCELED', 'CanceledByUser', 'CANCELED'] } = row; // prettier-ignore
    const env = { LEDGER: subject.ledger(home) };
    const run = await row.arrange(scene, () => group.createRun({ kind: 'Pipeline', env, ...pipeline }));
    const reasons = row.withTimeout ? await cancelWithTimeout(scene, run) : [ends[1]];
    if (!row.withTimeout) expect(await group.store.transitions.cancel(run), state).to.equal(reply);
    const canceledAt = performance.now();
    const watch = watchRunning(scene, run);
    await row.then?.(scene, run);
    await untilFinal(group.store.events, run, withinMs);
    await untilAllClosed(group, run);
    const lastSeenMs = Math.max(0, (await watch.untilNothing()) - canceledAt);
    const before = await look(scene, run);
    row.back?.(scene);
    await group.untilRenewed(3);
    const after = await look(scene, run);
    expect(after, `${state}: who comes back changes nothing`).to.deep.equal(before);
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).code, `${state}: ${worker.output}`).to.equal(0);
    const left = await subject.running(home, run);
    expect(left, `${state}: what still runs`).to.deep.equal([]);
    expect(after.job?.status, state).to.equal(ends[0]);
    expect(after.job?.reason, state).to.be.oneOf(reasons);
    expect(after.run, state).to.equal(ends[2]);
    expect(starts, `${state}: starts`).to.include.members(after.starts);
    const { status, reason } = after.job!;
    told.push({ state, job: `${status} ${reason}`, run: after.run ?? '', lastSeenMs, starts: after.starts.length, left }); // prettier-ignore
  }

  /** The first of the two decides. Since everything has one reason, the other did nothing. */
  async function cancelWithTimeout({ group }: Scene, run: RunUid): Promise<string[]> {
    const { store } = group;
    const { createdAt = 0 } = (await store.runs.getRun(run)) ?? {};
    const now = () => store.now();
    await untilFound('the timeout of the run', now, (ms) => ms >= createdAt + 8_000, { everyMs: 1 });
    const [reply] = await Promise.all([store.transitions.cancel(run), store.transitions.expire()]);
    return [reply === 'ok' ? 'CanceledByUser' : 'RunTimedOut'];
  }

  /** Watches when something of a run ran last, by `performance.now()`. */
  function watchRunning({ home }: Scene, run: RunUid): { untilNothing: () => Promise<number> } {
    let lastAt = 0;
    let isOver = false;
    const look = async (): Promise<void> => {
      for (let isRunning = true; isRunning || !isOver; await pause(20)) {
        isRunning = (await subject.running(home, run)).length > 0;
        if (isRunning) lastAt = performance.now();
        if (isOver && performance.now() > overAt + withinMs) throw new Error('something of it still runs');
      }
    };
    let overAt = 0;
    const looking = look();
    looking.catch(() => undefined); // It is awaited below.
    return {
      untilNothing: async () => {
        isOver = true;
        overAt = performance.now();
        await looking;
        return lastAt;
      },
    };
  }

  async function untilAllClosed(group: WorkerGroup, run: RunUid): Promise<void> {
    const isOpen = async (index: number) => {
      const attempt = (await group.store.runs.listAttempts(run, index)).at(-1);
      return attempt !== undefined && attempt.phases.closedAt === undefined;
    };
    const { jobCount = 0 } = (await group.store.runs.getRun(run)) ?? {};
    for (let index = 0; index < jobCount; index += 1)
      await untilFound(
        `job ${index} to be closed`,
        () => isOpen(index),
        (open) => !open,
      );
  }

  async function look({ group, home }: Scene, run: RunUid) {
    const { events } = await group.store.events.readEvents(beginning, 1_000);
    return {
      events: events.filter((event: ChainrEvent) => event.run === run),
      job: await group.store.runs.findJob(run, 'only'),
      run: (await group.store.runs.getRun(run))?.status,
      starts: await subject.starts(home, run),
    };
  }

  it('ends a run in any state of its job, and leaves nothing running', async function () {
    this.timeout(600_000);
    await eachAtOnce(rows, atOnce, cancelAt);
    expect(told).to.have.length(rows.length);
  });
}
