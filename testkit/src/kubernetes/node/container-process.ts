import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { ContainerLog } from './container-log.js';
import { ContainerPaths, mountTable } from './container-paths.js';
import { searchPath, unshareWords, type Machine, type Mount } from './machine.js';
import type { OutputPipes } from './output-pipes.js';
import { StartFailure } from './start-failure.js';

export interface ProcessSpec {
  /** A folder that becomes the root of the container. */
  root: string;
  /** Besides those that all containers have. */
  mounts: readonly Mount[];
  command: readonly string[];
  env: ReadonlyMap<string, string>;
  workingDir: string;
  user: number;
  group: number;
  isRootReadOnly: boolean;
  /** Whether another process is process 1, as in a pod with `shareProcessNamespace`. */
  hasInit: boolean;
  log: ContainerLog;
}

export interface ContainerProcess {
  kill: (signal: NodeJS.Signals) => void;
  /** Runs another command in the container. Resolves to its exit code, 137 if it took too long. */
  exec: (command: readonly string[], timeoutMs: number) => Promise<number>;
  /** As a shell counts: 128 and the number for a signal. Settles when its output is read, too. */
  ended: Promise<{ exitCode: number }>;
}

/**
 * Starts a command with a root, mounts and process numbers of its own. It is process 1, so it ends with all that it
 * started, and a signal that it does not handle has no effect, as in a container; unless something else is process 1.
 *
 * @throws StartFailure
 */
export async function startProcess(machine: Machine, pipes: OutputPipes, spec: ProcessSpec): Promise<ContainerProcess> {
  const { root, command, env, workingDir, user, group, log } = spec;
  const mounts = [...machine.mounts, ...spec.mounts].sort((a, b) => depth(a.target) - depth(b.target));
  const inside = new ContainerPaths(machine, root, mounts);
  makeRoot(machine, root, inside, mounts);
  inside.makeFolder(workingDir);
  inside.checkProgram(command[0] ?? '', env.get('PATH') ?? searchPath, workingDir);
  const table = `${root}.mounts`;
  writeFileSync(table, mountTable(root, mounts, machine.isRoot, spec.isRootReadOnly));

  // Set inside, since a change of the user would forget that the process must die with this one.
  const identity = ['/usr/bin/setpriv', '--reuid', user, '--regid', group, '--clear-groups', '--pdeathsig', 'KILL'].map(
    String,
  );
  const asUser = machine.isRoot && (user !== 0 || group !== 0) ? identity : [];
  const entry = ['/usr/bin/unshare', `--root=${root}`, `--wd=${workingDir}`, '--', ...asUser, ...command];
  const variables = [...env].map(([name, value]) => `${name}=${value}`);
  const [program = '', ...words] = unshareWords(machine.isRoot);
  const inner = [
    '/bin/sh',
    '-e',
    '-c',
    setUp,
    'sh',
    table,
    spec.hasInit ? 'init' : '',
    '/usr/bin/env',
    '-i',
    ...variables,
    ...entry,
  ];
  const [out, err] = await Promise.all([pipes.take(), pipes.take()]);
  const child = spawn(program, [...words, ...inner], {
    env: { PATH: searchPath },
    stdio: ['ignore', out.writeEnd, 'pipe', err.writeEnd],
    detached: true,
  });
  const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve([code, signal]));
  });
  const read = Promise.all([
    out.read((bytes) => log.write('stdout', bytes)),
    err.read((bytes) => log.write('stderr', bytes)),
  ]);
  const report = new Report(child.stderr!);
  const ended = Promise.all([exited, read]).then(([[code, signal]]) => {
    // unshare(1) cannot end by KILL itself, and says so. A shell that is process 1 names any signal, and exits with its code.
    const killed = signal ?? (spec.hasInit || report.afterReady === '' ? null : 'SIGKILL');
    return { exitCode: killed === null ? (code ?? 0) : 128 + constants.signals[killed] };
  });
  const pid = await report.ready;
  if (pid === undefined) {
    await ended;
    throw new StartFailure(`the stand-in could not prepare the container: ${report.text}`);
  }
  const exec = (words: readonly string[], timeoutMs: number): Promise<number> => {
    const user = machine.isRoot ? [] : ['--user', '--preserve-credentials'];
    const enter = [...user, '--target', String(pid), '--mount', '--pid', '--root', '--wd'];
    return runWithin('nsenter', [...enter, '/usr/bin/env', '-i', ...variables, ...words], timeoutMs);
  };
  return { kill: (signal) => send(pid, signal), exec, ended };
}

function runWithin(program: string, words: readonly string[], timeoutMs: number): Promise<number> {
  const options = { env: { PATH: searchPath }, stdio: 'ignore', timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    spawn(program, words, options)
      .on('error', reject)
      .on('exit', (code) => resolve(code ?? 137));
  });
}

/** Reports its number outside of its namespace, every mistake, and that all is ready. */
const setUp = `
mount --all --fstab "$1"
init=$2
shift 2
start='read -r pid rest < /proc/self/stat
echo "$pid" >&2
echo ready >&2
exec "$@" 2>&3 3>&-'
[ "$init" = init ] || exec /bin/sh -e -c "$start" sh "$@"
/bin/sh -e -c "$start" sh "$@"
`;

const readyMark = '\nready\n';

class Report {
  text = '';
  /** The number of process 1; undefined if the container could not be prepared. */
  readonly ready: Promise<number | undefined>;

  constructor(stream: NodeJS.ReadableStream) {
    this.ready = new Promise((resolve) => {
      stream.on('data', (part) => {
        this.text += String(part);
        if (/^\d+\nready\n/.test(this.text)) resolve(parseInt(this.text, 10));
      });
      stream.on('end', () => resolve(undefined));
    });
  }

  get afterReady(): string {
    return this.text.split(readyMark).slice(1).join('');
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function makeRoot(machine: Machine, root: string, inside: ContainerPaths, mounts: readonly Mount[]): void {
  for (const name of ['', 'proc', 'root', 'var', 'run', 'tmp']) mkdirSync(path.join(root, name), { recursive: true });
  // The mode of mkdir is cut by the mask of this process.
  chmodSync(path.join(root, 'tmp'), 0o1777);
  for (const [name, target] of machine.links) symlinkSync(target, path.join(root, name));
  for (const mount of mounts) inside.makeMountPoint(mount);
}

const depth = (target: string): number => target.split('/').length;
