import { writeFileSync } from 'node:fs';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import { allOutput, allow, attemptOf, textOf, untilReady } from '../../suite/place.js';

/**
 * Runs in a pid namespace of its own. It stops an attempt whose shell has children with lower pids than its own, which
 * happens when pids start again from the lowest, and prints the log. Arguments: FOLDER.
 */
const [folder = ''] = process.argv.slice(2);
const lastPid = '/proc/sys/kernel/ns_last_pid';
const executor = createProcessExecutor({ folder, instance: 'some-instance' });
const child = 'if [ $$ -gt $PPID ]; then echo "the child is not below its shell"; fi; echo ready; exec sleep 300';
const spec = attemptOf('ignored', { run: `echo 1000 > ${lastPid}; sh -c '${child}'; :` });
writeFileSync(lastPid, '20000');
await executor.ensure(spec, allow);
await untilReady(executor, spec);
await executor.stop(spec, 20_000, allow);
process.stdout.write(textOf(await allOutput(executor, spec)));
process.exit();
