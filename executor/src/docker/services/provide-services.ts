import { setTimeout as pause } from 'node:timers/promises';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import type { AttemptSpec, WriteGuard } from '../../port.js';
import { refuseClusterValues, refuseContainer } from '../../refuse-step.js';
import { creationFault } from '../start/creation-fault.js';
import type { DockerContext } from '../context.js';
import { isConfigFault } from '../watch/docker-outcomes.js';
import { lookAtStep, type Tombstone } from '../watch/look-at-step.js';
import { networkHolderName, serviceName } from '../names.js';
import { isImageName, provideImage } from '../start/pull-image.js';
import { startCreated } from '../start/start-container.js';
import { takeAway } from '../start/take-away.js';
import { checkReadiness } from './check-readiness.js';
import { createNetworkHolder, createService, serviceEnvironment } from './create-service.js';
import { lastLines } from './last-lines.js';
import { lookAtContainer, type ContainerSight } from './look-at-container.js';

export interface ServiceStart {
  guard: WriteGuard;
  /** Reports a wait. */
  tell: (reason: 'Starting' | 'PullingImage', message: string) => void;
  signal: AbortSignal;
  /** How many containers of the attempt may have been started, as it was recorded. */
  starts: () => number;
  /** The services whose containers were taken away under this lease, and had never been started. */
  unstarted: Set<number>;
  /** Records that the service may have been started. */
  recordStart: (index: number) => Promise<void>;
}

/** The pause between two checks, which grows. */
const firstPauseMs = 100;
const longestPauseMs = 1_000;

/**
 * Starts the services of an attempt before its first step exists: one after the other, each when the one before is
 * ready. That the first step exists proves that all were ready. All else is read from the daemon, so another worker can
 * continue at any point.
 *
 * A service is created, then the name of the first step is looked at, then the service is started. A stop takes that
 * name first and looks at the services then, so it finds each one that is started in spite of it.
 *
 * @returns `ready`, or `again` if the name of the first step was taken meanwhile, or why the first step cannot begin
 */
export async function provideServices(
  context: DockerContext,
  spec: AttemptSpec,
  start: ServiceStart,
): Promise<Tombstone | 'ready' | 'again'> {
  const holder = await provideHolder(context, spec, start);
  if (typeof holder === 'object') return holder;
  for (const index of (spec.services ?? []).keys()) {
    const provided = await new ServiceProvision(context, spec, index, holder, start).provide();
    if (provided !== 'ready') return provided;
  }
  return 'ready';
}

/** @returns the id of the running holder of the network. It runs no user code, so it may be started by anybody. */
async function provideHolder(
  context: DockerContext,
  spec: AttemptSpec,
  { guard, tell, signal, starts }: ServiceStart,
): Promise<Tombstone | string> {
  const { instance, helperImage } = context;
  const name = networkHolderName(instance(), spec);
  for (;;) {
    signal.throwIfAborted();
    const sight = await lookAtContainer(context, name);
    if (sight.kind === 'running') return sight.id;
    if (sight.kind === 'foreign') return foreign(name);
    if (sight.kind === 'exited' || starts() > 0) return networkGone;
    if (sight.kind === 'missing') {
      const image = { image: helperImage, pull: 'ifNotPresent' } as const;
      const failure = await provideImage(context, image, (message) => { tell('PullingImage', message); }, signal); // prettier-ignore
      if (failure) return { ...failure, message: `${failure.message} It is the helper image of services.` };
      guard();
      const fault = await orFault(createNetworkHolder(context, spec), image, 'The network of the services');
      if (typeof fault === 'object') return fault;
      continue;
    }
    if (sight.refusal) return cannotStart('The network of the services', sight.refusal);
    guard();
    await startCreated(context, sight.id, () => lookAtContainer(context, name));
  }
}

const networkGone: Tombstone = {
  reason: 'Lost',
  message: 'The container that holds the network of its services has gone.',
};

const foreign = (name: string): Tombstone => ({
  reason: 'ConfigError',
  message: `Its container name ${name} is already used by another container.`,
});

/** @returns undefined if the look after it decides; else why it can never be created */
async function orFault(
  created: Promise<string | undefined>,
  container: { image: string; pull?: 'ifNotPresent' | 'always' | 'never' },
  what: string,
): Promise<Tombstone | string | undefined> {
  try {
    return await created;
  } catch (error) {
    return creationFault(error, container, what);
  }
}

function cannotStart(what: string, refusal: { exitCode: number; message: string }): Tombstone {
  const reason = isConfigFault(refusal) ? 'ConfigError' : 'Lost';
  return { reason, message: `${what} cannot be started: ${refusal.message}.` };
}

/** One service on its way to being ready. */
class ServiceProvision {
  readonly #context: DockerContext;
  readonly #spec: AttemptSpec;
  readonly #index: number;
  readonly #holder: string;
  readonly #start: ServiceStart;
  readonly #name: string;
  readonly #what: string;
  /** The container that was created here and not started yet: only it is started. */
  #own: string | undefined;
  #check: { deadline: number; pauseMs: number; seen?: string } | undefined;

  constructor(context: DockerContext, spec: AttemptSpec, index: number, holder: string, start: ServiceStart) {
    this.#context = context;
    this.#spec = spec;
    this.#index = index;
    this.#holder = holder;
    this.#start = start;
    this.#name = serviceName(context.instance(), spec, index);
    this.#what = `The service "${this.#service.name}"`;
  }

  get #service() {
    const service = this.#spec.services?.[this.#index];
    if (!service) throw new Error(`${this.#spec.job} has no service ${String(this.#index)}`);
    return service;
  }

  async provide(): Promise<Tombstone | 'ready' | 'again'> {
    for (;;) {
      this.#start.signal.throwIfAborted();
      const sight = await lookAtContainer(this.#context, this.#name);
      // After the look at the service: see `provideServices`.
      const first = await lookAtStep(this.#context, this.#spec, 0);
      if (first.kind !== 'missing') return 'again';
      const reached = await this.#advance(sight);
      if (reached !== undefined) return reached;
    }
  }

  /** @returns undefined to look again */
  async #advance(sight: ContainerSight): Promise<Tombstone | 'ready' | undefined> {
    switch (sight.kind) {
      case 'foreign':
        return foreign(this.#name);
      case 'missing':
        return this.#create();
      case 'created':
        return sight.refusal ? cannotStart(this.#what, sight.refusal) : this.#startOrTakeAway(sight.id);
      case 'running':
        return this.#service.ready ? this.#checkOnce(sight.id) : 'ready';
      case 'exited':
        // Without a check it was ready when its container ran.
        return this.#service.ready ? this.#notReady(sight.id, `ended with exit code ${String(sight.exitCode)} before it was ready`) : 'ready'; // prettier-ignore
    }
  }

  async #create(): Promise<Tombstone | undefined> {
    const { guard, tell, signal, starts, unstarted } = this.#start;
    const service = this.#service;
    // Somebody removed it (see Started once).
    if (starts() > this.#index && !unstarted.has(this.#index)) {
      return { reason: 'Lost', message: `${this.#what} was removed before the job began.` };
    }
    const what = `service "${service.name}"`;
    const refusal =
      refuseClusterValues(service, what) ?? refuseContainer(service, what, serviceEnvironment(this.#spec, this.#index));
    if (refusal !== undefined) return { reason: 'ConfigError', message: refusal };
    if (!isImageName(service.image)) {
      return { reason: 'ConfigError', message: `The image "${service.image}" of ${what} is not a valid image name.` };
    }
    const failure = await provideImage(this.#context, service, (message) => { tell('PullingImage', message); }, signal); // prettier-ignore
    if (failure) return failure;
    guard();
    const created = await orFault(createService(this.#context, this.#spec, this.#index), service, this.#what);
    if (typeof created === 'object') return created;
    this.#own = created;
    this.#context.reach('after-create');
    return undefined;
  }

  async #startOrTakeAway(id: string): Promise<undefined> {
    const { guard, tell, starts, recordStart, unstarted } = this.#start;
    if (id !== this.#own) {
      guard();
      if (await takeAway(this.#context, this.#spec, 0, id)) unstarted.add(this.#index);
      return;
    }
    tell('Starting', `${this.#what} is starting.`);
    if (starts() <= this.#index) await recordStart(this.#index);
    unstarted.delete(this.#index);
    guard();
    const isStarted = await startCreated(this.#context, id, () => lookAtContainer(this.#context, this.#name));
    if (isStarted) this.#context.reach('after-start');
  }

  async #checkOnce(id: string): Promise<Tombstone | 'ready' | undefined> {
    const { ready } = this.#service;
    if (!ready) return 'ready';
    const check = (this.#check ??= { deadline: performance.now() + ready.timeoutMs, pauseMs: firstPauseMs });
    this.#start.tell('Starting', `${this.#what} has started; waiting until it is ready.`);
    const where = { service: id, holder: this.#holder };
    const limitMs = Math.max(check.deadline - performance.now(), firstPauseMs);
    const unready = await checkReadiness(this.#context.docker, ready, where, limitMs);
    if (!unready) return 'ready';
    // The last check may have been cut short by the deadline, and then says less than the one before.
    if (!unready.isLate || check.seen === undefined) check.seen = unready.seen;
    if (performance.now() >= check.deadline) {
      // It may have ended meanwhile, which says more.
      const now = await lookAtContainer(this.#context, this.#name);
      if (now.kind === 'exited') return undefined;
      return this.#notReady(id, `was not ready within ${formatExactDuration(ready.timeoutMs)}: ${check.seen}`);
    }
    await pause(check.pauseMs, undefined, { signal: this.#start.signal });
    check.pauseMs = Math.min(check.pauseMs * 2, longestPauseMs);
    return undefined;
  }

  async #notReady(id: string, why: string): Promise<Tombstone> {
    const lines = await lastLines(this.#context.docker, id);
    return { reason: 'ServiceNotReady', message: `${this.#what} ${why}. ${lines}` };
  }
}
