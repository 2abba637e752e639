/**
 * `npm run check`: runs the parts below, as many at once as there are cores, prints the output of each in one piece, and
 * ends with a table. All of them run even if one fails.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Scripts of package.json, the slowest first. */
const parts = ['test:unit', 'types', 'lint', 'dead-code', 'arrows', 'format:check', 'generate:check', 'tree'];

interface Result {
  part: string;
  passed: boolean;
  seconds: string;
}

/** Never rejects if a part fails. Prints its output in one piece when it has ended. */
function run(part: string): Promise<Result> {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', part], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`\n── ${part} ── ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
      process.stdout.write(Buffer.concat(output));
      resolve({ part, passed: code === 0, seconds });
    });
  });
}

const waiting = [...parts];
const results: Result[] = [];
async function lane(): Promise<void> {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) results.push(await run(part));
}
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, lane));

console.log('');
for (const { part, passed, seconds } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'} ${seconds.padStart(6)} s  ${part}`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
