import { randomBytes } from 'node:crypto';
import type { Container, ContainerState, ContainerStatus, Pod } from '../objects.js';
import { now } from '../store/object-store.js';
import { ContainerLog } from './container-log.js';
import { startProcess, type ContainerProcess } from './container-process.js';
import type { NodeContext } from './context.js';
import { ConfigFailure, homeOf, resolveEnvironment } from './environment.js';
import { expand } from './expand.js';
import { fullImageName, imageIdOf, nameMistakeOf, pullFailureOf } from './images.js';
import { aborted, pause } from './pause.js';
import { recordEvent } from './record-event.js';
import { StartFailure } from './start-failure.js';
import { TerminationFile } from './termination-file.js';
import type { Mount } from './machine.js';

export type ContainerRole = 'init' | 'sidecar' | 'main';

/** The place of a container's pod: its folder, and its volumes by name. */
export interface PodPlace {
  folder: string;
  volumes: ReadonlyMap<string, string>;
}

/** One container of a pod from its image to its end, and its status. */
export class ContainerRun {
  readonly spec: Container;
  readonly role: ContainerRole;
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #onChange: () => void;
  state: ContainerState;
  isReady = false;
  isStarted = false;
  restarts = 0;
  log: ContainerLog | undefined;
  /** The log of the container that had its place before. */
  #previousLog: ContainerLog | undefined;
  #lastState: ContainerState = {};
  #id: string | undefined;
  #process: ContainerProcess | undefined;
  /** The reason of an end that is not the command's own, such as OOMKilled. */
  #endReason: string | undefined;

  constructor(node: NodeContext, pod: Pod, spec: Container, role: ContainerRole, onChange: () => void) {
    this.#node = node;
    this.#pod = pod;
    this.spec = spec;
    this.role = role;
    this.#onChange = onChange;
    this.state = this.#firstState;
  }

  get #firstState(): ContainerState {
    const hasInit = (this.#pod.spec.initContainers ?? []).length > 0;
    return { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } };
  }

  get isRunning(): boolean {
    return this.state.running !== undefined;
  }

  /** Undefined while it waits or runs. */
  get exitCode(): number | undefined {
    return this.state.terminated?.exitCode;
  }

  get status(): ContainerStatus {
    const { name, image } = this.spec;
    const hasStarted = this.#id !== undefined;
    return {
      name,
      state: this.state,
      lastState: this.#lastState,
      ready: this.isReady,
      restartCount: this.restarts,
      image: hasStarted ? fullImageName(image) : image,
      imageID: hasStarted ? imageIdOf(image) : '',
      ...(hasStarted && { containerID: `containerd://${this.#id ?? ''}` }),
      started: this.isStarted,
    };
  }

  /**
   * Waits for its image and its configuration, however long that takes, and runs it.
   *
   * @returns when it runs, or can never run; what is told then settles when it has ended
   */
  async start(place: PodPlace, signal: AbortSignal): Promise<{ ended: Promise<void> } | undefined> {
    if (!(await this.#pull(signal))) return undefined;
    for (;;) {
      if (signal.aborted) return undefined;
      try {
        return await this.#run(place);
      } catch (error) {
        if (!(error instanceof ConfigFailure)) throw error;
        this.#wait('CreateContainerConfigError', error.message);
        this.#tell('Warning', 'Failed', `Error: ${error.message}`);
        await pause(this.#node.settings.retryMs, signal);
      }
    }
  }

  kill(signal: NodeJS.Signals, reason?: string): void {
    this.#endReason ??= reason;
    this.#process?.kill(signal);
  }

  /** Runs a command in the running container. Resolves to its exit code. */
  async exec(command: readonly string[], timeoutMs: number): Promise<number> {
    return (await this.#process?.exec(command, timeoutMs)) ?? 137;
  }

  /**
   * Marks it as started, as its startup probe says.
   *
   * @returns false if it does not run
   */
  markStarted(): boolean {
    if (!this.isRunning) return false;
    this.isStarted = true;
    this.#onChange();
    this.isReady = true;
    this.#onChange();
    return true;
  }

  /** Forgets what it waited for: its pod ends, and it will not start. */
  giveUp(): void {
    if (this.state.waiting) this.state = this.#firstState;
  }

  /** Says that nobody knows how it ended, as the kubelet says of containers that never started. */
  markUnknown(): void {
    const message = 'The container could not be located when the pod was terminated';
    const times = { startedAt: null, finishedAt: null };
    this.state = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message, ...times } };
  }

  /** Removes its log; who asks for it gets the words of a kubelet that has none. */
  dropLog(): void {
    this.log?.remove();
    this.#previousLog?.remove();
    this.log = this.#previousLog = undefined;
  }

  /** The log of the container that the last state is of, as the kubelet looks for it: `validateContainerLogStatus`. */
  get previousLog(): ContainerLog | undefined {
    return this.state.waiting && this.#lastState.terminated ? this.log : this.#previousLog;
  }

  /** Puts it back to waiting, for a container that is started again. */
  prepareRestart(message: string): void {
    this.#lastState = this.state;
    this.#wait('CrashLoopBackOff', message);
  }

  /** @returns whether it can be created now */
  async #pull(signal: AbortSignal): Promise<boolean> {
    const { image, imagePullPolicy } = this.spec;
    const mistake = nameMistakeOf(image);
    if (mistake !== undefined) {
      this.#tell('Warning', 'InspectFailed', mistake);
      this.#tell('Warning', 'Failed', 'Error: InvalidImageName');
      this.#wait('InvalidImageName', mistake);
      await aborted(signal);
      return false;
    }
    const known = this.#node.images[image] ?? this.#node.images[fullImageName(image)];
    if (imagePullPolicy === 'Never' && (!known || known.isRemote)) {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#tell('Warning', 'ErrImageNeverPull', message);
      this.#tell('Warning', 'Failed', 'Error: ErrImageNeverPull');
      this.#wait('ErrImageNeverPull', message);
      await aborted(signal);
      return false;
    }
    if (known && !known.isRemote && imagePullPolicy !== 'Always') {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      this.#tell('Normal', 'Pulled', message);
      return true;
    }
    this.#tell('Normal', 'Pulling', `Pulling image "${image}"`);
    if (known) {
      const took = '1.2s (1.2s including waiting)';
      this.#tell('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took}. Image size: 2170000 bytes.`);
      return true;
    }
    const failure = pullFailureOf(image);
    while (!signal.aborted) {
      this.#tell('Warning', 'Failed', `Failed to pull image "${image}": ${failure}`);
      this.#tell('Warning', 'Failed', 'Error: ErrImagePull');
      this.#wait('ErrImagePull', failure);
      if (!(await pause(this.#node.settings.retryMs, signal))) break;
      this.#tell('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      this.#tell('Warning', 'Failed', 'Error: ImagePullBackOff');
      this.#wait('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${failure}`);
      await pause(this.#node.settings.retryMs, signal);
    }
    return false;
  }

  async #run(place: PodPlace): Promise<{ ended: Promise<void> }> {
    const { spec } = this;
    const { machine, pipes, store, images, settings } = this.#node;
    const image = images[spec.image] ?? images[fullImageName(spec.image)] ?? {};
    const env = resolveEnvironment(store, this.#pod, spec);
    const user = this.#checkUser(image.user ?? 0);
    if (!env.has('HOME')) env.set('HOME', homeOf(user));
    const words = spec.command ?? image.entrypoint ?? [];
    const args = spec.args ?? (spec.command ? [] : (image.cmd ?? []));
    const command = [...words, ...args].map((word) => expand(word, (name) => env.get(name)));
    if (this.#id !== undefined) this.restarts += 1;
    const folder = `${place.folder}/${spec.name}-${this.restarts}`;
    const log = new ContainerLog(`${folder}.log`, settings.logFileBytes, settings.logRotationMs);
    const message = new TerminationFile(`${folder}.message`);
    this.#previousLog?.remove();
    this.#previousLog = this.log;
    this.log = log;
    this.#id = randomBytes(32).toString('hex');
    this.#endReason = undefined;
    const terminationMount = { source: message.path, target: spec.terminationMessagePath ?? '', readOnly: false };
    this.#tell('Normal', 'Created', 'Container created');
    try {
      this.#process = await startProcess(machine, pipes, {
        root: `${folder}.root`,
        mounts: [...this.#mounts(place), terminationMount],
        command,
        env,
        workingDir: spec.workingDir ?? '/',
        user,
        group: spec.securityContext?.runAsGroup ?? this.#pod.spec.securityContext?.runAsGroup ?? 0,
        isRootReadOnly: spec.securityContext?.readOnlyRootFilesystem === true,
        hasInit: this.#pod.spec.shareProcessNamespace === true,
        log,
      });
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      log.close();
      this.#tell('Warning', 'Failed', `Error: ${error.message}`);
      // The time of a container that never ran is the beginning of time.
      this.#end({ exitCode: 128, reason: 'StartError', message: error.message }, '1970-01-01T00:00:00Z');
      return { ended: Promise.resolve() };
    }
    const startedAt = now();
    this.state = { running: { startedAt } };
    this.isStarted = spec.startupProbe === undefined;
    this.isReady = this.role !== 'init' && this.isStarted;
    this.#tell('Normal', 'Started', 'Container started');
    this.#onChange();
    return { ended: this.#awaitEnd(this.#process, log, message, startedAt) };
  }

  async #awaitEnd(
    process: ContainerProcess,
    log: ContainerLog,
    file: TerminationFile,
    startedAt: string,
  ): Promise<void> {
    const { exitCode } = await process.ended;
    log.close();
    const reason = this.#endReason ?? (exitCode === 0 ? 'Completed' : 'Error');
    const message = file.read(
      this.spec.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0 ? log : undefined,
    );
    this.#end({ exitCode, reason, ...(message !== '' && { message }) }, startedAt);
  }

  #end(result: { exitCode: number; reason: string; message?: string }, startedAt: string): void {
    this.#process = undefined;
    this.isReady = this.role === 'init' && result.exitCode === 0;
    this.isStarted = false;
    const containerID = `containerd://${this.#id ?? ''}`;
    this.state = { terminated: { ...result, startedAt, finishedAt: now(), containerID } };
    this.#onChange();
  }

  /** @throws ConfigFailure */
  #checkUser(imageUser: number): number {
    const own = this.spec.securityContext ?? {};
    const common = this.#pod.spec.securityContext ?? {};
    const user = own.runAsUser ?? common.runAsUser ?? imageUser;
    if ((own.runAsNonRoot ?? common.runAsNonRoot) !== true || user !== 0) return user;
    const { name, namespace = '', uid } = this.#pod.metadata;
    const isSet = own.runAsUser ?? common.runAsUser;
    const why =
      isSet === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root';
    throw new ConfigFailure(`${why} (pod: "${name}_${namespace}(${uid})", container: ${this.spec.name})`);
  }

  #mounts({ volumes }: PodPlace): Mount[] {
    return (this.spec.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly }) => {
      const volume = volumes.get(name) ?? '';
      const source = subPath === undefined ? volume : `${volume}/${subPath}`;
      return { source, target: mountPath.replace(/\/+$/, '') || '/', readOnly: readOnly === true };
    });
  }

  #wait(reason: string, message: string): void {
    this.state = { waiting: { reason, message } };
    this.#onChange();
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const list = this.role === 'main' ? 'containers' : 'initContainers';
    const fieldPath = `spec.${list}{${this.spec.name}}`;
    recordEvent(this.#node.store, this.#pod, { type, reason, message, fieldPath, component: 'kubelet' });
  }
}
