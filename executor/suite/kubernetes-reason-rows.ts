import { expect } from 'chai';
import type { Outcome } from '@chainr/core/engine/outcome';
import { untilFound } from '@chainr/testkit/until-found';
import type { ApiClient } from '../src/kubernetes/api/api-client.js';
import { unlessStatus } from '../src/kubernetes/api/api-error.js';
import { selectorOf } from '../src/kubernetes/names.js';
import type { AttemptSpec, Executor, PhaseChange } from '../src/port.js';
import { allow, attemptOf, never, untilExecuting, type Place } from './place.js';

/** A namespace of a cluster or of its stand-in. */
export interface ReasonPlace extends Place {
  readonly instance: string;
  readonly api: ApiClient;
  /** The path of its pods. */
  readonly pods: string;
}

interface ReasonRow {
  name: string;
  run(place: ReasonPlace, executor: Executor): Promise<void>;
}

/** Runs to the end; calls back at the first change of a reason. */
async function watchTo(
  executor: Executor,
  spec: AttemptSpec,
  reason: PhaseChange['reason'],
  onReason: (message: string) => unknown,
): Promise<Outcome> {
  let told = false;
  const done: unknown[] = [];
  await executor.ensure(spec, allow);
  const outcome = await executor.observe(
    spec,
    (change) => {
      if (told || change.reason !== reason) return;
      told = true;
      done.push(onReason(change.message ?? ''));
    },
    never(),
  );
  await Promise.all(done);
  expect(told, `it never had the reason ${reason}`).to.equal(true);
  return outcome;
}

/** The API server learns of a new quota a moment after it was created. */
async function untilRefused(api: ApiClient, pods: string): Promise<void> {
  const name = 'probe-of-quota';
  // The scheduler leaves it alone, so it can be removed at once.
  const spec = { schedulingGates: [{ name: 'chainr.test/probe' }], containers: [{ name: 'main', image: 'busybox' }] };
  const tryOnce = async (): Promise<boolean> => {
    const made = await unlessStatus([403], api.call('POST', pods, { body: { metadata: { name }, spec } }));
    if (made) await api.call('DELETE', `${pods}/${name}`);
    return made === undefined;
  };
  await untilFound('a quota that is in force', tryOnce, (isRefused) => isRefused, { everyMs: 50 });
}

const sleeping = { run: 'trap "exit 143" TERM; sleep 300 & wait $!' };

/**
 * Ends a running attempt by what `end` does to its pod.
 *
 * @param end gets the path of the pod, and its name
 */
export async function endPodOf(
  place: ReasonPlace,
  executor: Executor,
  end: (path: string, name: string) => unknown,
): Promise<Outcome> {
  const spec = attemptOf('busybox', sleeping);
  await executor.ensure(spec, allow);
  await untilExecuting(executor, spec);
  const query = { labelSelector: `${selectorOf(place.instance)},chainr.dev/run=${spec.run}` };
  const { items } = await place.api.call<{ items: { metadata: { name: string } }[] }>('GET', place.pods, { query });
  const { name } = items[0]?.metadata ?? expect.fail('it has no pod');
  await end(`${place.pods}/${name}`, name);
  return executor.observe(spec, () => undefined, never());
}

/** Every reason that a namespace alone can produce. Open the executor with a short patience for obstacles. */
export const kubernetesReasonRows: readonly ReasonRow[] = [
  {
    name: 'ImagePullFailed: the registry has no such image',
    run: async (_place, executor) => {
      const spec = attemptOf('no-such-image:1', { run: 'true' });
      const messages: string[] = [];
      const outcome = await watchTo(executor, spec, 'PullingImage', (message) => messages.push(message));
      expect(outcome.reason).to.equal('ImagePullFailed');
      expect(outcome.message).to.contain('The image no-such-image:1 of step "main" cannot be pulled');
      expect(messages[0]).to.contain('no-such-image:1');
    },
  },
  {
    name: 'ImagePullFailed: the node does not have the image, and it must not be pulled',
    run: async (_place, executor) => {
      const spec = attemptOf('no-such-image:1', { run: 'true', pull: 'never' });
      await executor.ensure(spec, allow);
      const outcome = await executor.observe(spec, () => undefined, never());
      expect(outcome).to.include({ reason: 'ImagePullFailed' });
      expect(outcome.message).to.contain('is not on the node, and pull is "never"');
    },
  },
  {
    name: 'ConfigError: the name of an image is invalid',
    run: async (_place, executor) => {
      const spec = attemptOf('Not/A:Valid:Name', { run: 'true' });
      await executor.ensure(spec, allow);
      const outcome = await executor.observe(spec, () => undefined, never());
      expect(outcome).to.include({ reason: 'ConfigError' });
      expect(outcome.message).to.contain('Not/A:Valid:Name');
    },
  },
  {
    name: 'Unschedulable: no node fits, in the words of the scheduler; a stop ends the wait',
    run: async (_place, executor) => {
      const spec = {
        ...attemptOf('busybox', { run: 'true' }),
        kubernetes: { nodeSelector: { 'chainr.test/no-such': 'node' } },
      };
      const outcome = await watchTo(executor, spec, 'Unschedulable', (message) => {
        expect(message).to.match(/^The scheduler says: .*(selector|affinity)/);
        return executor.stop(spec, 1_000, allow);
      });
      expect(outcome).to.include({ reason: 'Lost', message: 'It was stopped before it started.' });
      expect(outcome).not.to.have.property('exitCode');
    },
  },
  {
    name: 'QuotaExceeded: it waits while a quota is used up, and then runs',
    run: async ({ api, pods }, executor) => {
      const quotas = pods.replace(/pods$/, 'resourcequotas');
      const body = { metadata: { name: 'no-pods' }, spec: { hard: { pods: '0' } } };
      await api.call('POST', quotas, { body });
      const removeQuota = () => unlessStatus([404], api.call('DELETE', `${quotas}/no-pods`));
      try {
        await untilRefused(api, pods);
        const spec = attemptOf('busybox', { run: 'true' });
        const outcome = await watchTo(executor, spec, 'QuotaExceeded', (message) => {
          expect(message).to.match(/(?:exceeded quota|status unknown for quota): no-pods/);
          return removeQuota();
        });
        expect(outcome).to.include({ reason: 'Completed' });
      } finally {
        await removeQuota(); // Else no other test could start a pod.
      }
    },
  },
  {
    name: 'Evicted: by the eviction API',
    run: async (place, executor) => {
      const outcome = await endPodOf(place, executor, (path, name) => {
        const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
        return place.api.call('POST', `${path}/eviction`, { body });
      });
      expect(outcome, outcome.message).to.include({ reason: 'Evicted', exitCode: 143 });
      expect(outcome.message).to.contain('was evicted');
    },
  },
  {
    name: 'Deleted: somebody deleted the pod while it ran',
    run: async (place, executor) => {
      const outcome = await endPodOf(place, executor, (path) => place.api.call('DELETE', path));
      expect(outcome, outcome.message).to.include({ reason: 'Deleted', exitCode: 143 });
    },
  },
];
