import { after, before } from 'mocha';
import { whyNoContainers } from './node/machine.js';
import { startKubernetes, type StandInKubernetes, type StandInOptions } from './start-kubernetes.js';

/**
 * A stand-in of Kubernetes for the tests of a suite. If containers cannot run here, the suite is skipped and says why.
 * Hooks of the suite that use it must come after this call.
 *
 * @returns what gives it, from the suite's first `before` on
 */
export function useKubernetes(options: StandInOptions = {}): () => StandInKubernetes {
  let started: StandInKubernetes | undefined;
  before(async function () {
    const why = whyNoContainers();
    if (why !== undefined) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    started = await startKubernetes(options);
  });
  after(() => started?.stop());
  return () => {
    if (!started) throw new Error('The stand-in starts in the first `before` of the suite.');
    return started;
  };
}
