import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { untilFound } from '@chainr/testkit/until-found';
import { ask, createPod, followLog, isOver, podOf, podsPath, readLog, runPod, startPod, untilPod } from './client.js';

describe('logs of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes({ node: { logFileBytes: 100_000, logRotationMs: 0, deletedLogsMs: 0 } });

  it('have a rising time in nanoseconds before each line, in the zone of the node', async () => {
    await runPod(kubernetes(), podOf('times', 'seq 100'));
    const lines = (await readLog(kubernetes(), 'times', '?timestamps=true')).trimEnd().split('\n');
    const times = lines.map((line) => line.split(' ')[0] ?? '');
    expect(lines.map((line) => line.split(' ')[1])).to.deep.equal(
      Array.from({ length: 100 }, (_, index) => String(index + 1)),
    );
    expect(times.every((time) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+05:45$/.test(time))).to.be.true;
    expect([...new Set(times)].sort()).to.deep.equal(times);
  });

  it('keep long lines whole, with one time, and an unfinished one as it is', async () => {
    const { log } = await runPod(kubernetes(), podOf('long', 'head -c 40000 /dev/zero | tr "\\0" x; echo; printf end'));
    expect(log).to.equal(`${'x'.repeat(40_000)}\nend`);
    const timed = await readLog(kubernetes(), 'long', '?timestamps=true');
    expect(timed.match(/\+05:45 /g)).to.have.length(2);
  });

  it('are followed to the end, from the start', async () => {
    await startPod(kubernetes(), podOf('followed', 'trap "echo two; exit 0" TERM; echo one; sleep 1000 & wait'));
    const following = await followLog(kubernetes(), 'followed');
    await ask(kubernetes(), 'DELETE', `${podsPath}/followed`);
    expect(await following.text()).to.equal('one\ntwo\n');
  });

  it('end in order, although the container runs on, when the kubelet is restarted', async () => {
    await startPod(kubernetes(), podOf('cut-off', 'echo one; sleep 1000'));
    const following = await followLog(kubernetes(), 'cut-off');
    const reader = following.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('one\n');
    kubernetes().endLogs();
    expect((await reader?.read())?.done).to.equal(true);
    await ask(kubernetes(), 'DELETE', `${podsPath}/cut-off`, { gracePeriodSeconds: 0 });
  });

  it('have only the newest file for a request, and everything for a follow from the start', async () => {
    // Some 400 kB: four files.
    const script = 'trap "seq -w 100000 110000; exit 0" TERM; echo set; sleep 1000 & wait';
    await startPod(kubernetes(), podOf('rotated', script));
    const following = await followLog(kubernetes(), 'rotated');
    const patch = { spec: { activeDeadlineSeconds: 1 } };
    await ask(kubernetes(), 'PATCH', `${podsPath}/rotated`, patch, 'application/merge-patch+json');
    const followed = (await following.text()).trimEnd().split('\n');
    expect(followed).to.have.length(10_002);
    const newest = (await readLog(kubernetes(), 'rotated')).trimEnd().split('\n');
    expect(newest).to.have.length.below(4_000);
    expect(newest).to.deep.equal(followed.slice(-newest.length));
  });

  it('are cut to the last lines, to bytes, and to whole seconds', async () => {
    await runPod(kubernetes(), podOf('cut', 'seq 10'));
    expect(await readLog(kubernetes(), 'cut', '?tailLines=2')).to.equal('9\n10\n');
    expect(await readLog(kubernetes(), 'cut', '?tailLines=0')).to.equal('');
    expect(await readLog(kubernetes(), 'cut', '?limitBytes=5')).to.equal('1\n2\n3');
    const [first = ''] = (await readLog(kubernetes(), 'cut', '?timestamps=true')).split(' ');
    const latest = encodeURIComponent(`${first.slice(0, 19)}.999999999+05:45`);
    expect(await readLog(kubernetes(), 'cut', `?sinceTime=${latest}`)).to.match(/^1\n/);
    const later = new Date(Date.parse(first) + 60_000).toISOString();
    expect(await readLog(kubernetes(), 'cut', `?sinceTime=${later}`)).to.equal('');
  });

  it('refuse a container that waits, does not exist, or is not named', async () => {
    const initContainers = [{ name: 'first', image: 'busybox', command: ['sh', '-c', 'sleep 1000'] }];
    const second = { name: 'second', image: 'busybox', command: ['true'] };
    const pod = podOf('refused', 'true', {}, { initContainers }) as { spec: { containers: unknown[] } };
    pod.spec.containers.push(second);
    await createPod(kubernetes(), pod);
    const messageFor = async (query: string) =>
      (await ask(kubernetes(), 'GET', `${podsPath}/refused/log${query}`)).body.message;
    expect(await messageFor('?container=main')).to.equal(
      'container "main" in pod "refused" is waiting to start: PodInitializing',
    );
    expect(await messageFor('?container=other')).to.equal('container other is not valid for pod refused');
    const choice = 'a container name must be specified for pod refused, choose one of: [first main second]';
    expect(await messageFor('')).to.equal(choice);
    await ask(kubernetes(), 'DELETE', `${podsPath}/refused`, { gracePeriodSeconds: 0 });
  });

  it('are gone some time after a pod was deleted while it ran, which a success of the request says', async () => {
    const pod = podOf('vanished', 'trap "exit 5" TERM; echo here; sleep 1000 & wait') as { metadata: object };
    Object.assign(pod.metadata, { finalizers: ['chainr.dev/kept'] });
    await startPod(kubernetes(), pod);
    await ask(kubernetes(), 'DELETE', `${podsPath}/vanished`);
    const { status } = await untilPod(kubernetes(), 'vanished', 'to end', isOver);
    expect(status.containerStatuses?.[0]?.state.terminated?.exitCode).to.equal(5);
    const vanished = (text: string) => text.startsWith('unable to retrieve container logs for containerd://');
    await untilFound('the log to vanish', () => readLog(kubernetes(), 'vanished'), vanished);
  });
});
