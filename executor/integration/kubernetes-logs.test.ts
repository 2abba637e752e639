import { expect } from 'chai';
import type { AttemptSpec, OutputChunk } from '../src/port.js';
import { allow, attemptOf, bytesOf, never, textOf, withExecutor } from '../suite/place.js';
import { useKubernetesPlace } from './use-kubernetes-place.js';

describe('logs on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  const { cluster, place: placed } = useKubernetesPlace({}, { isSecure: true, node: { retryMs: 200 } });
  const podOf = ({ run }: AttemptSpec) =>
    cluster()
      .store.list('pods')
      .find(({ metadata }) => metadata.labels?.['chainr.dev/run'] === run);

  it('have every byte once although the kubelet is restarted while a job writes', () =>
    withExecutor(placed(), async (executor) => {
      const long = `head -c 40000 /dev/zero | tr '\\0' x`;
      const run = `i=0; while [ $i -lt 60 ]; do echo "line $i"; ${long}; echo; i=$((i+1)); sleep 0.1; done`;
      const spec = attemptOf('busybox', { run });
      await executor.ensure(spec, allow);
      const chunks: OutputChunk[] = [];
      let restarts = 0;
      for await (const batch of executor.logs(spec, '', never())) {
        chunks.push(...batch.chunks);
        if (restarts >= 3 || bytesOf(chunks).length < (restarts + 1) * 400_000) continue;
        restarts += 1;
        cluster().endLogs();
      }
      const written = Array.from({ length: 60 }, (_, at) => `line ${at}\n${'x'.repeat(40_000)}\n`).join('');
      expect(restarts).to.equal(3);
      expect(textOf(chunks) === written, `${textOf(chunks).length} of ${written.length} bytes`).to.equal(true);
      expect(bytesOf(chunks, 'system').toString()).to.equal('');
    }));

  it('have the output of each container of a service that exits again and again, whoever reads and dies', () =>
    withExecutor(placed(), async (executor) => {
      const script = 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; sleep 0.5; echo last; exit 1';
      const db = { name: 'db', image: 'busybox', env: {}, command: ['/bin/sh', '-c', script] };
      const spec = { ...attemptOf('busybox', { run: 'while [ ! -e go ]; do sleep 0.1; done' }), services: [db] };
      await executor.ensure(spec, allow);
      const chunks: OutputChunk[] = [];
      let position = '';
      const readOn = async (batches: number): Promise<boolean> => {
        let left = batches;
        for await (const batch of executor.logs(spec, position, never())) {
          chunks.push(...batch.chunks);
          position = batch.position;
          if ((left -= 1) === 0) return true;
        }
        return false;
      };
      const restartsOf = (): number => podOf(spec)?.status.initContainerStatuses?.[0]?.restartCount ?? 0;
      for (let times = 0; restartsOf() < 3; times += 1) await readOn(1 + (times % 3));
      await executor.stop(spec, 5_000, allow);
      while (await readOn(2));
      expect(bytesOf(chunks, 'system').toString()).to.equal('');
      const whole = `${Array.from({ length: 500 }, (_, at) => `line ${at}\n`).join('')}last\n`;
      const text = textOf(chunks, 'stdout', 'db');
      const blocks = text.split(/(?<=last\n)/);
      expect(blocks.length).to.be.within(restartsOf(), restartsOf() + 1);
      for (const [at, block] of blocks.entries()) {
        const isWhole = block === whole || (at === blocks.length - 1 && whole.startsWith(block));
        expect(isWhole, `${at}: ${block.slice(0, 40)} … ${block.slice(-40)}`).to.equal(true);
      }
    }));
});
