import { connectToDaemon } from '../src/docker/connect-to-daemon.js';
import { createDockerExecutor } from '../src/docker/create-docker-executor.js';
import { allow, attemptOf, never } from '../suite/place.js';

// A process for a test: it watches a running attempt in every possible way, and closes the executor.
const [socketPath, instance = ''] = process.argv.slice(2);
const executor = createDockerExecutor({
  docker: connectToDaemon(socketPath),
  daemonId: 'some-daemon',
  instance: () => instance,
});
const spec = attemptOf('busybox', { run: 'echo ready; exec sleep 300' });
await executor.ensure(spec, allow);
const outcome = executor.observe(spec, () => undefined, never()).catch(() => undefined);
for await (const { chunks } of executor.logs(spec, '', never())) if (chunks.length > 0) break;
await executor.list();
await executor.close();
await outcome;
console.log('closed');
