import type Docker from 'dockerode';
import { within } from '@chainr/core/async/within';
import type { ReadyCheck } from '@chainr/core/pipeline/pipeline';
import { reasonOf, statusOf } from '../daemon-errors.js';
import { shell } from '../watch/look-at-step.js';

/** How long a port may take to accept a connection, and a service to answer a request. */
const answerSeconds = '5';

/** Runs with a socket as its stdin and stdout, the path as $0, and the answer's status code on fd 3. HTTP/1.1, RFC 9112. */
const askOverHttp = [
  String.raw`printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: chainr\r\nConnection: close\r\n\r\n' "$0"`,
  'read -r version code rest',
  'printf %s "$code" >&3',
].join('; ');

/** The containers in which checks run. */
export interface CheckedIn {
  /** The id of the service's container. */
  service: string;
  /** The id of the holder of the network, which has the programs of the helper image. */
  holder: string;
}

/**
 * Checks once whether a service is ready. Checks of ports run in the shared network, since a worker cannot connect to
 * the network of a remote daemon.
 *
 * @param limitMs a check that takes longer has failed
 * @returns undefined if it is ready
 */
export async function checkReadiness(
  docker: Docker,
  ready: ReadyCheck,
  { service, holder }: CheckedIn,
  limitMs: number,
): Promise<Unready | undefined> {
  if ('run' in ready) {
    const result = await execute(docker, service, [shell, '-e', '-c', ready.run], limitMs);
    return result.exitCode === 0 ? undefined : unready(result, `its script "run" ${whyFailed(result)}`);
  }
  const connect = (port: number): string[] => ['timeout', answerSeconds, 'nc', '-w', answerSeconds, '127.0.0.1', String(port)]; // prettier-ignore
  if ('tcp' in ready) {
    const result = await execute(docker, holder, [...connect(ready.tcp), '-e', 'true'], limitMs);
    return result.exitCode === 0 ? undefined : unready(result, `port ${String(ready.tcp)} did not accept connections`);
  }
  const { port, path } = ready.http;
  const words = [shell, '-c', 'exec 3>&1; exec "$@"', 'sh', ...connect(port), '-e', shell, '-c', askOverHttp, path];
  const result = await execute(docker, holder, words, limitMs);
  const { output } = result;
  const request = `GET ${path} on port ${String(port)}`;
  if (!/^\d{3}$/.test(output)) return unready(result, `${request} was not answered`);
  return /^[23]/.test(output) ? undefined : unready(result, `${request} was answered with ${output}`);
}

/** Why a service is not ready. */
export interface Unready {
  /** What was seen, in a few words. */
  seen: string;
  /** The check took longer than it may. */
  isLate: boolean;
}

const unready = ({ exitCode, refusal }: Result, seen: string): Unready => ({
  seen,
  isLate: exitCode === undefined && refusal === undefined,
});

interface Result {
  /** Undefined if it did not end in time, or could not begin. */
  exitCode?: number;
  /** Why it could not begin. */
  refusal?: string;
  /** The beginning of stdout. */
  output: string;
}

function whyFailed({ exitCode, refusal }: Result): string {
  if (refusal !== undefined) return `could not be run: ${refusal}`;
  return exitCode === undefined ? 'did not end' : `ended with exit code ${String(exitCode)}`;
}

/** Runs a program in a running container. https://docs.docker.com/reference/api/engine/ (Exec) */
async function execute(docker: Docker, container: string, words: string[], limitMs: number): Promise<Result> {
  try {
    const program = await docker.getContainer(container).exec({ Cmd: words, AttachStdout: true, AttachStderr: true });
    const stream = await program.start({});
    const read = readStart(stream).catch(() => undefined); // Destroyed below.
    const output = await within(limitMs, read, () => undefined);
    stream.destroy();
    if (output === undefined) return { output: '' };
    const { ExitCode: exitCode } = await program.inspect();
    return { output, ...(exitCode !== null && { exitCode }) };
  } catch (error) {
    // The container has just ended, or lacks the program.
    if (statusOf(error) === undefined) throw error;
    return { refusal: reasonOf(error), output: '' };
  }
}

/** Enough for a status code. */
const keptBytes = 64;
const headBytes = 8;

/** The beginning of stdout, in frames as `FrameReader` describes them, once all of it has come. */
async function readStart(stream: NodeJS.ReadableStream): Promise<string> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    if (kept.length < keptBytes) kept = Buffer.concat([kept, chunk as Buffer]);
  }
  const isStdout = kept.length > headBytes && kept.readUInt8(0) === 1;
  return isStdout ? kept.subarray(headBytes, headBytes + kept.readUInt32BE(4)).toString() : '';
}
