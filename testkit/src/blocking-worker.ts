import { runMain } from '@chainr/core/service/run-main';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { createService, readConfig } from '@chainr/work/service';

/*
 * A worker as a process of its own whose attempts never end. A SIGUSR2 blocks its event loop for BLOCK_MS milliseconds.
 */
const blockMs = Number(process.env['BLOCK_MS'] ?? 0);

process.on('SIGUSR2', () => {
  const until = performance.now() + blockMs;
  while (performance.now() < until);
  process.stdout.write('blocked\n');
});

const executor = createFakeExecutor({ decide: () => ({ hold: true }) });
await runMain('work', (env) => createService(readConfig(env), { executor }));
