import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { noFaults } from '@chainr/core/engine/fault-points';
import { ApiClient } from '../../src/kubernetes/api/api-client.js';
import { nameOf, type KubernetesContext } from '../../src/kubernetes/context.js';
import { labelsOf } from '../../src/kubernetes/names.js';
import type { LogTimes } from '../../src/kubernetes/output/pod-log-reader.js';
import { readLogs } from '../../src/kubernetes/output/read-logs.js';
import type { ContainerStatus, PodJson } from '../../src/kubernetes/pod/pod-json.js';
import { defaultPolicy } from '../../src/kubernetes/policy/policy.js';
import { PodBoard } from '../../src/kubernetes/watch/pod-board.js';
import type { AttemptSpec } from '../../src/port.js';

/** An entry of a log as the runtime writes it: a line, or a piece of a line whose newline is still to come. */
export interface Entry {
  at: string;
  text: string;
  isPiece?: boolean;
}

/**
 * What the kubelet gives of a log from a time on, with times: `logWriter` and `ReadLogs` of
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/cri-client/pkg/logs/logs.go
 */
export function givenOf(entries: readonly Entry[], sinceTime: string | null): string {
  let isNewLine = true;
  let given = '';
  for (const { at, text, isPiece = false } of entries) {
    const content = isPiece ? text : `${text}\n`;
    if (sinceTime === null || Date.parse(at) >= Date.parse(sinceTime))
      given += isNewLine ? `${at} ${content}` : content;
    isNewLine = content === '' || !isPiece;
  }
  return given;
}

export const textOfEntries = (entries: readonly Entry[]): string =>
  entries.map(({ text, isPiece = false }) => (isPiece ? text : `${text}\n`)).join('');

/** What is asked for with `pods/log`. */
export interface LogRequest {
  container: string;
  sinceTime: string | null;
  isPrevious: boolean;
  /** How many requests for logs came before. */
  count: number;
}

/** An API server with one pod, whose statuses and logs a test decides. */
export class ScriptedNode {
  readonly instance = 'instance';
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<ServerResponse>();
  #pod: PodJson | undefined;
  #version = 1;
  #board: PodBoard | undefined;
  #api: ApiClient | undefined;
  readonly requests: LogRequest[] = [];
  onLog: (request: LogRequest, response: ServerResponse) => void = (_, response) => response.end();
  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname.endsWith('/log')) {
      const { searchParams: query } = url;
      const asked = {
        container: query.get('container') ?? '',
        sinceTime: query.get('sinceTime'),
        isPrevious: query.get('previous') === 'true',
        count: this.requests.length,
      };
      this.requests.push(asked);
      this.onLog(asked, response);
    } else if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200).flushHeaders();
      this.#watches.add(response);
      response.on('close', () => this.#watches.delete(response));
    } else if (url.pathname.endsWith('/pods')) {
      const metadata = { resourceVersion: String(this.#version) };
      response.end(JSON.stringify({ metadata, items: this.#pod ? [this.#pod] : [] }));
    } else if (this.#pod) response.end(JSON.stringify(this.#pod));
    else refuse(response, 404, 'pods "a" not found');
  });

  async start(): Promise<void> {
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const tls = {};
    this.#api = new ApiClient({
      server: new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`),
      namespace: 'default',
      source: 'a test',
      access: async () => ({ headers: {}, tls }),
      forget: () => undefined,
    });
    this.#board = new PodBoard(this.#api, 'default', () => this.instance);
  }

  async stop(): Promise<void> {
    this.#board?.close();
    this.#api?.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #context(): KubernetesContext {
    if (!this.#api || !this.#board) throw new Error('The node has not been started.');
    return {
      api: this.#api,
      instance: () => this.instance,
      boards: [this.#board],
      settings: { graceSeconds: 1, backstopSeconds: 1000 },
      policy: defaultPolicy,
      obstaclePatienceMs: 1000,
      silentStartMs: 1000,
      reach: noFaults,
      drives: new Map(),
    };
  }

  /** The containers of its steps, or services before them; the last one is the main container. */
  show(spec: AttemptSpec, phase: string, ...statuses: ContainerStatus[]): void {
    this.#version += 1;
    const labels = labelsOf(this.instance, spec);
    const metadata = { name: nameOf(this.#context, spec), uid: 'uid', resourceVersion: String(this.#version), labels };
    this.#pod = {
      metadata,
      spec: { nodeName: 'node', containers: [] },
      status: { phase, initContainerStatuses: statuses.slice(0, -1), containerStatuses: statuses.slice(-1) },
    };
    this.#tell('MODIFIED');
  }

  remove(): void {
    this.#tell('DELETED');
    this.#pod = undefined;
  }

  #tell(type: string): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object: this.#pod })}\n`);
  }

  /**
   * Everything that a worker stores which reads from a position to the end, and again from there whenever reading fails.
   * Sentences of chainr itself begin with `!`.
   */
  async read(spec: AttemptSpec, position = '', times: Partial<LogTimes> = {}): Promise<Stored> {
    const stored: Stored = { text: {}, position };
    const usual: LogTimes = { patienceMs: 300, reopenMs: 5, pausesMs: [1, 20] };
    for (;;) {
      try {
        const signal = new AbortController().signal;
        for await (const batch of readLogs(this.#context, spec, stored.position, signal, { ...usual, ...times })) {
          for (const { step, stream, bytes } of batch.chunks) {
            stored.text[step] =
              `${stored.text[step] ?? ''}${stream === 'system' ? '!' : ''}${bytes.toString('latin1')}`;
          }
          stored.position = batch.position;
        }
        return stored;
      } catch (error) {
        if (!(error instanceof Error) || !/ECONNRESET|aborted|hang up|closed before/.test(String(error))) throw error;
      }
    }
  }
}

export interface Stored {
  text: Record<string, string>;
  position: string;
}

export function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code).end(JSON.stringify({ kind: 'Status', message, code }));
}

type State = NonNullable<ContainerStatus['state']>;

export const running = (startedAt: string): State => ({ running: { startedAt } });

export const ended = (startedAt: string, container?: string): State => ({
  terminated: { exitCode: 0, reason: 'Completed', startedAt, ...(container && { containerID: container }) },
});

export function statusOf(
  name: string,
  container: string,
  state: State,
  more: Partial<ContainerStatus> = {},
): ContainerStatus {
  const image = 'busybox';
  return { name, containerID: container, state, image, imageID: '', ready: false, restartCount: 0, ...more };
}
