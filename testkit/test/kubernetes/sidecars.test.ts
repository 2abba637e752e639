import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { Container, Pod } from '@chainr/testkit/kubernetes/objects';
import { untilFound } from '@chainr/testkit/until-found';
import { ask, createPod, isOver, podOf, podsPath, readLog, untilPod } from './client.js';

const serve = (port: number) =>
  `require("http").createServer((q, r) => r.end("served")).listen(${port}); process.on("SIGTERM", () => process.exit(7))`;

describe('sidecars of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const sidecar = (name: string, command: string[], more: Partial<Container> = {}): Container => ({
    name,
    image: 'node',
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    command,
    volumeMounts,
    ...more,
  });
  const run = async (name: string, script: string, initContainers: Container[]): Promise<Pod> => {
    const spec = { initContainers, volumes: [{ name: 'shared', emptyDir: {} }], terminationGracePeriodSeconds: 3 };
    await createPod(kubernetes(), podOf(name, script, { image: 'node', volumeMounts }, spec));
    return untilPod(kubernetes(), name, 'to end', isOver);
  };
  const endsOf = ({ status }: Pod) => status.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode);
  const fetchIt = (port: number) =>
    `node -e 'fetch("http://localhost:${port}").then((r) => r.text()).then(console.log)'`;

  it('are ready before the containers start, and end after them', async () => {
    const startupProbe = { httpGet: { port: 28_311 }, periodSeconds: 1, failureThreshold: 30 };
    const pod = await run('http', fetchIt(28_311), [sidecar('web', ['node', '-e', serve(28_311)], { startupProbe })]);
    expect(pod.status.phase).to.equal('Succeeded');
    expect(endsOf(pod)).to.deep.equal([7]);
    expect(await readLog(kubernetes(), 'http', '?container=main')).to.equal('served\n');
  });

  it('are ready when their port is open', async () => {
    const startupProbe = { tcpSocket: { port: 28_312 }, periodSeconds: 1, failureThreshold: 30 };
    const pod = await run('tcp', fetchIt(28_312), [sidecar('web', ['node', '-e', serve(28_312)], { startupProbe })]);
    expect(pod.status.phase).to.equal('Succeeded');
  });

  it('are ready when a command in them says so', async () => {
    const startupProbe = { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1, failureThreshold: 30 };
    const script = 'trap "exit 0" TERM; touch /tmp/ready /shared/ready; sleep 1000 & wait';
    const pod = await run('exec', 'ls /shared; ls /tmp', [sidecar('own', ['sh', '-c', script], { startupProbe })]);
    expect(pod.status.phase).to.equal('Succeeded');
    expect(await readLog(kubernetes(), 'exec', '?container=main')).to.equal('ready\n');
  });

  it('end in the reverse of their order', async () => {
    const told = (name: string) =>
      sidecar(name, ['sh', '-c', `trap "echo ${name} >> /shared/ends; exit 0" TERM; sleep 1000 & wait`]);
    const last = sidecar('first', ['sh', '-c', 'trap "cat /shared/ends; exit 0" TERM; sleep 1000 & wait']);
    const pod = await run('order', 'sleep 0.2', [last, told('second'), told('third')]);
    expect(endsOf(pod)).to.deep.equal([0, 0, 0]);
    expect(await readLog(kubernetes(), 'order', '?container=first')).to.equal('third\nsecond\n');
  });

  it('start again when they end', async () => {
    const again = sidecar('again', [
      'sh',
      '-c',
      'if [ -e /shared/once ]; then touch /shared/twice; sleep 1000; fi; touch /shared/once; exit 1',
    ]);
    const pod = await run('again', 'while [ ! -e /shared/twice ]; do sleep 0.01; done', [again]);
    expect(pod.status.phase).to.equal('Succeeded');
    expect(pod.status.initContainerStatuses?.[0]?.restartCount).to.be.above(0);
  });

  it('have the log of the container before, too', async () => {
    const script = 'if [ -e /shared/once ]; then echo two; touch /shared/twice; sleep 1000; fi; echo one; touch /shared/once'; // prettier-ignore
    const again = sidecar('again', ['sh', '-c', script]);
    await run('before', 'while [ ! -e /shared/twice ]; do sleep 0.01; done', [again]);
    expect(await readLog(kubernetes(), 'before', '?container=again')).to.equal('two\n');
    expect(await readLog(kubernetes(), 'before', '?container=again&previous=true')).to.equal('one\n');
    const refused = await ask(kubernetes(), 'GET', `${podsPath}/before/log?container=main&previous=true`);
    expect(refused.body.message).to.equal('previous terminated container "main" in pod "before" not found');
  });

  it('hold back the containers also when they end before they are ready, and start again', async () => {
    const startupProbe = {
      exec: { command: ['test', '-e', '/shared/second'] },
      periodSeconds: 1,
      failureThreshold: 1_000,
    };
    const script = 'if [ -e /shared/first ]; then touch /shared/second; sleep 1000; fi; touch /shared/first; exit 1';
    const dies = sidecar('dies', ['sh', '-c', script], { startupProbe });
    const pod = await run('dies', 'ls /shared', [dies]);
    expect(pod.status.initContainerStatuses?.[0]?.restartCount).to.equal(1);
    expect(await readLog(kubernetes(), 'dies', '?container=main')).to.equal('first\nsecond\n');
  });

  it('are killed if their startup probe fails for good and they ignore SIGTERM', async () => {
    const startupProbe = { exec: { command: ['test', '-e', '/shared/second'] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 }; // prettier-ignore
    const script = 'if [ -e /shared/first ]; then touch /shared/second; sleep 1000; fi; trap "" TERM; touch /shared/first; while :; do sleep 0.1; done'; // prettier-ignore
    const deaf = sidecar('deaf', ['sh', '-c', script], { startupProbe });
    const pod = await run('deaf', 'true', [deaf]);
    expect(pod.status.phase).to.equal('Succeeded');
    expect(pod.status.initContainerStatuses?.[0]?.restartCount).to.be.above(0);
    expect(pod.status.initContainerStatuses?.[0]?.lastState.terminated?.exitCode).to.equal(137);
  });

  it('hold back the containers while they are not ready, until the pod is deleted', async () => {
    const startupProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1_000 };
    const never = sidecar('never', ['sh', '-c', 'echo here; sleep 1000'], { startupProbe });
    await createPod(
      kubernetes(),
      podOf(
        'held',
        'true',
        {},
        { initContainers: [never], volumes: [{ name: 'shared', emptyDir: {} }], terminationGracePeriodSeconds: 1 },
      ),
    );
    await untilFound(
      'the line of the sidecar',
      () => ask(kubernetes(), 'GET', `${podsPath}/held/log?container=never`),
      ({ text }) => text === 'here\n',
    );
    const held = await untilPod(
      kubernetes(),
      'held',
      'to be held',
      ({ status }) => status.initContainerStatuses?.[0]?.state.running !== undefined,
    );
    expect(held.status.phase).to.equal('Pending');
    expect(held.status.containerStatuses?.[0]?.state.waiting?.reason).to.equal('PodInitializing');
    await ask(kubernetes(), 'DELETE', `${podsPath}/held`);
    await untilFound(
      'the end of the pod',
      () => ask(kubernetes(), 'GET', `${podsPath}/held`),
      ({ status }) => status === 404,
    );
  });
});
