import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import type { AttemptSpec } from '../../src/port.js';

/** A worker for tests to kill: starts the attempt, reports that, and watches it. Arguments: FOLDER SPEC. */
const [folder = '', json = '{}'] = process.argv.slice(2);
const spec = JSON.parse(json) as AttemptSpec;
const executor = createProcessExecutor({ folder, instance: 'some-instance' });
await executor.ensure(spec, () => undefined);
process.stdout.write('started\n');
await executor.observe(spec, () => undefined, new AbortController().signal);
