import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { Pod } from '@chainr/testkit/kubernetes/objects';
import { createPod, isOver, podOf, readLog, runPod, untilPod } from './client.js';

describe('containers of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();
  const endOf = ({ status }: Pod, index = 0) => status.containerStatuses?.[index]?.state.terminated;

  it('run their command and end with its exit code', async () => {
    const { pod, log } = await runPod(kubernetes(), podOf('exit', 'echo out; echo err >&2; exit 7'));
    expect(pod.status.phase).to.equal('Failed');
    expect(endOf(pod)).to.include({ exitCode: 7, reason: 'Error' });
    expect(log.split('\n').sort()).to.deep.equal(['', 'err', 'out']);
    expect(pod.status.containerStatuses?.[0]?.containerID).to.match(/^containerd:\/\/[0-9a-f]{64}$/);
  });

  it('succeed together', async () => {
    const { pod } = await runPod(kubernetes(), podOf('fine', 'true'));
    expect(pod.status.phase).to.equal('Succeeded');
    expect(endOf(pod)).to.include({ exitCode: 0, reason: 'Completed' });
  });

  it('run as init containers one after the other, on a volume that they share', async () => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    const step = (name: string, script: string) => ({
      name,
      image: 'busybox',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', script],
      volumeMounts,
    });
    const initContainers = [
      step('one', 'echo one >> /shared/file'),
      step('two', 'cat /shared/file; echo two >> /shared/file'),
    ];
    const spec = { initContainers, volumes: [{ name: 'shared', emptyDir: {} }] };
    const { pod, log } = await runPod(kubernetes(), podOf('steps', 'cat /shared/file', { volumeMounts }, spec));
    expect(log).to.equal('one\ntwo\n');
    expect(await readLog(kubernetes(), 'steps', '?container=two')).to.equal('one\n');
    expect(pod.status.initContainerStatuses?.map(({ name, state }) => [name, state.terminated?.reason])).to.deep.equal([
      ['one', 'Completed'],
      ['two', 'Completed'],
    ]);
  });

  it('do not start after an init container that failed', async () => {
    const initContainers = [{ name: 'first', image: 'busybox', command: ['sh', '-c', 'exit 3'] }];
    await createPod(kubernetes(), podOf('init-fails', 'echo never', {}, { initContainers }));
    const pod = await untilPod(kubernetes(), 'init-fails', 'to end', isOver);
    expect(pod.status.phase).to.equal('Failed');
    expect(pod.status.initContainerStatuses?.[0]?.state.terminated?.exitCode).to.equal(3);
    expect(pod.status.containerStatuses?.[0]?.state.waiting?.reason).to.equal('PodInitializing');
  });

  it('get their variables, with names in brackets replaced as the kubelet does', async () => {
    kubernetes().createSecret('default', 'keys', { token: 'very secret' });
    kubernetes().createConfigMap('default', 'words', { hello: 'world' });
    const env = [
      { name: 'ONE', value: '1' },
      { name: 'SUM', value: '$(ONE)+$(ONE) $$(ONE) $(NONE)' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'HELLO', valueFrom: { configMapKeyRef: { name: 'words', key: 'hello' } } },
      { name: 'SELF', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'none', key: 'none', optional: true } } },
    ];
    const command = ['sh', '-c', 'echo "$SUM|$TOKEN|$HELLO|$SELF|${MISSING-unset}|$0|$1"', '$(ONE)', '$$(ONE)'];
    const { log } = await runPod(kubernetes(), podOf('variables', '', { env, command }));
    expect(log).to.equal('1+1 $(ONE) $(NONE)|very secret|world|variables|unset|1|$(ONE)\n');
  });

  it('run in their working folder, and see no process but their own', async () => {
    const script = 'pwd; ls -d /proc/[0-9]* | wc -l; echo fine > /dev/stdout';
    const { log } = await runPod(kubernetes(), podOf('place', script, { workingDir: '/some/where' }));
    const [folder, processes, last] = log.split('\n');
    expect([folder, last]).to.deep.equal(['/some/where', 'fine']);
    expect(Number(processes)).to.be.below(6);
  });

  it('run as their user, if the stand-in is root', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const securityContext = { runAsUser: 1234, runAsGroup: 4321 };
    const { log } = await runPod(kubernetes(), podOf('user', 'id -u; id -g; touch /tmp/mine', { securityContext }));
    expect(log).to.equal('1234\n4321\n');
  });

  it('leave a message of 4096 bytes at most', async () => {
    const script = 'head -c 5000 /dev/zero | tr "\\0" x > /dev/termination-log; exit 1';
    const { pod } = await runPod(kubernetes(), podOf('message', script));
    expect(endOf(pod)?.message).to.equal('x'.repeat(4096));
  });

  it('share 12 KiB of messages', async () => {
    const talk = {
      image: 'busybox',
      command: ['sh', '-c', 'head -c 5000 /dev/zero | tr "\\0" x > /dev/termination-log'],
    };
    const initContainers = [1, 2, 3, 4, 5].map((index) => ({ name: `init-${index}`, ...talk }));
    await createPod(kubernetes(), podOf('messages', '', talk, { initContainers }));
    const { status } = await untilPod(kubernetes(), 'messages', 'to end', isOver);
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    expect(all.map(({ state }) => state.terminated?.message?.length)).to.deep.equal([
      2048, 2048, 2048, 2048, 2048, 2048,
    ]);
  });

  it('leave the end of their log as the message, if that is their policy', async () => {
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    const { pod } = await runPod(kubernetes(), podOf('fallback', 'echo what happened; exit 1', policy));
    expect(endOf(pod)?.message).to.equal('what happened\n');
  });

  it('cannot start a program that does not exist', async () => {
    await createPod(kubernetes(), podOf('no-program', '', { command: ['nonsense'] }));
    const pod = await untilPod(kubernetes(), 'no-program', 'to end', isOver);
    expect(endOf(pod)).to.include({ exitCode: 128, reason: 'StartError', startedAt: '1970-01-01T00:00:00Z' });
    expect(endOf(pod)?.message).to.contain('exec: "nonsense": executable file not found in $PATH');
  });

  it('wait for a Secret that is missing, and start when it is there', async () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'late', key: 'key' } } }];
    await createPod(kubernetes(), podOf('waits', 'echo $KEY', { env }));
    const stateOf = ({ status }: Pod) => status.containerStatuses?.[0]?.state.waiting;
    const isStuck = (pod: Pod) => stateOf(pod)?.reason === 'CreateContainerConfigError';
    const stuck = await untilPod(kubernetes(), 'waits', 'to miss its Secret', isStuck);
    expect(stateOf(stuck)?.message).to.equal('secret "late" not found');
    kubernetes().createSecret('default', 'late', { key: 'found' });
    await untilPod(kubernetes(), 'waits', 'to end', isOver);
    expect(await readLog(kubernetes(), 'waits')).to.equal('found\n');
  });

  it('wait for an image that does not exist', async () => {
    await createPod(kubernetes(), podOf('no-image', '', { image: 'nonsense:1' }));
    const stateOf = ({ status }: Pod) => status.containerStatuses?.[0]?.state.waiting;
    const isBackOff = (pod: Pod) => stateOf(pod)?.reason === 'ImagePullBackOff';
    const pod = await untilPod(kubernetes(), 'no-image', 'to back off', isBackOff);
    expect(pod.status.phase).to.equal('Pending');
    expect(stateOf(pod)?.message).to.contain('Back-off pulling image "nonsense:1"').and.to.contain('not found');
  });
});
