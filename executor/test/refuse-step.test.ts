import { expect } from 'chai';
import { refuseStep } from '../src/refuse-step.js';

describe('a step with a value of the cluster', () => {
  it('is refused by executors without a cluster, with the variable and what helps', () => {
    const step = { name: 'main', image: 'busybox', run: ':', env: {}, continueOnError: false };
    for (const value of [
      { kubernetesSecret: 'a', key: 'b' },
      { configMap: 'a', key: 'b' },
    ]) {
      expect(refuseStep({ ...step, clusterEnv: { TOKEN: value } }, new Map())).to.equal(
        'The variable TOKEN of step "main" is a value of a Kubernetes cluster, which only a worker with the kubernetes executor can give: use a pool of such workers, or write { secret: NAME }.',
      );
    }
    expect(refuseStep(step, new Map())).to.equal(undefined);
  });
});
