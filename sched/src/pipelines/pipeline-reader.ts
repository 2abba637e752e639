import type { Worker } from 'node:worker_threads';
import { ApiError } from '@chainr/core/api/contract/errors';
import { pipelineFormat } from '@chainr/core/pipeline/content-types';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import { answerDeadlineMs } from '@chainr/core/service/answer-deadline';
import type { Part } from '@chainr/core/service/lifecycle';
import {
  preparePipeline,
  type PipelineReading,
  type PipelineText,
  type Preparation,
} from '@chainr/core/usecases/prepare-pipeline';
import { startThread } from './start-thread.js';

/** Larger pipelines are read by the thread: one of this size blocks the event loop for a few ms. In UTF-16 units. */
const smallLength = 16_384;
/** The most text that may wait for the thread, in UTF-16 units. */
const waitingLength = 64 * 1024 * 1024;
/** How long one pipeline may wait for the thread, and how long the thread may take for it; a few seconds are usual. */
export const readingTimes = { waitMs: answerDeadlineMs / 3, readMs: answerDeadlineMs / 2 } as const;
/** How long the thread stays without work. */
const idleMs = 60_000;
/**
 * The memory limit of the thread; the most costly pipelines need half of it. Beyond it the thread ends, and not the
 * service.
 */
const threadMemory = { maxOldGenerationSizeMb: 1_024 } as const;

const ownModule = new URL(
  import.meta.url.endsWith('.ts') ? 'pipeline-thread.ts' : 'pipeline-thread.js',
  import.meta.url,
);

interface Task {
  sent: PipelineText;
  resolve: (preparation: Preparation) => void;
  reject: (error: Error) => void;
  /** Limits first its wait, then its work. */
  timer: NodeJS.Timeout;
}

export interface PipelineReaderOptions {
  /** Replaces the module that reads pipelines; only in tests. */
  module?: URL;
  waitMs?: number;
  readMs?: number;
  waitingLength?: number;
}

/**
 * Reads, checks and packs pipelines: small ones at once, large ones in a thread, which starts with the first and ends
 * after a time without work. So no pipeline can block the event loop of the service for long.
 */
export class PipelineReader implements Part, PipelineReading {
  readonly name = 'pipeline-reader';
  readonly #options: Required<PipelineReaderOptions>;
  readonly #waiting: Task[] = [];
  #waitingLength = 0;
  #current: Task | undefined;
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: PipelineReaderOptions = {}) {
    this.#options = { module: ownModule, ...readingTimes, waitingLength, ...options };
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const stopped = new ApiError('Unavailable', 'The service is stopping; try again soon.', { headers: retry });
    for (const task of this.#waiting.splice(0)) this.#reject(task, stopped);
    this.#waitingLength = 0;
    if (this.#current) this.#reject(this.#current, stopped);
    this.#current = undefined;
    await this.#endThread();
  }

  /** @throws ApiError Unavailable if too much is waiting; Internal if it takes too long, or the thread fails */
  read(sent: PipelineText): Promise<Preparation> {
    if (isSmall(sent)) return Promise.resolve(preparePipeline(sent));
    if (this.#waitingLength > 0 && this.#waitingLength + sent.text.length > this.#options.waitingLength) {
      return Promise.reject(busy());
    }
    return new Promise((resolve, reject) => {
      const task: Task = { sent, resolve, reject, timer: setTimeout(() => { this.#giveUp(task); }, this.#options.waitMs) }; // prettier-ignore
      this.#waiting.push(task);
      this.#waitingLength += sent.text.length;
      this.#next();
    });
  }

  #next(): void {
    if (this.#current) return;
    const task = this.#waiting.shift();
    clearTimeout(this.#idle);
    if (!task) {
      this.#idle = setTimeout(() => void this.#endThread(), idleMs).unref();
      return;
    }
    this.#waitingLength -= task.sent.text.length;
    this.#current = task;
    clearTimeout(task.timer);
    task.timer = setTimeout(() => {
      this.#fail(
        new ApiError('Internal', `The pipeline could not be read within ${formatExactDuration(this.#options.readMs)}.`),
      );
    }, this.#options.readMs);
    this.#thread ??= this.#startThread();
    this.#thread.postMessage(task.sent);
  }

  #startThread(): Worker {
    const thread = startThread(this.#options.module, threadMemory);
    thread.on('message', (preparation: Preparation) => {
      if (thread === this.#thread) this.#finish(preparation);
    });
    thread.on('error', (cause) => {
      if (thread === this.#thread) this.#fail(new Error('the thread that reads pipelines failed', { cause }));
    });
    thread.on('exit', (code) => {
      if (thread === this.#thread)
        this.#fail(new Error(`the thread that reads pipelines exited with code ${String(code)}`));
    });
    return thread;
  }

  #finish(preparation: Preparation): void {
    const task = this.#current;
    this.#current = undefined;
    if (task) {
      clearTimeout(task.timer);
      task.resolve(preparation);
    }
    this.#next();
  }

  /** Ends the thread together with its current pipeline. The others get a new thread. */
  #fail(error: Error): void {
    const task = this.#current;
    this.#current = undefined;
    void this.#endThread();
    if (task) this.#reject(task, error);
    if (this.#waiting.length > 0) this.#next();
  }

  #giveUp(task: Task): void {
    const place = this.#waiting.indexOf(task);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    this.#waitingLength -= task.sent.text.length;
    this.#reject(task, busy());
  }

  #reject(task: Task, error: Error): void {
    clearTimeout(task.timer);
    task.reject(error);
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

const retry = { 'Retry-After': '5' };

function busy(): ApiError {
  return new ApiError('Unavailable', 'Too many large pipelines are being read; try again soon.', { headers: retry });
}

/**
 * A YAML anchor stands at the beginning, or after white space or an indicator. The `&&` of a shell is usually followed
 * by a space.
 */
const mayHaveAnchor = /(?:^|[\s,[{:?-])&+[^\s&]/;

/** With YAML anchors the length of the text does not bound its size: aliases repeat it. */
function isSmall({ text, contentType }: PipelineText): boolean {
  if (text.length > smallLength) return false;
  return pipelineFormat(contentType) === 'json' || !mayHaveAnchor.test(text);
}
