import type { RerunFrom } from '../../engine/rerun.js';
import { followEvents, type StreamedEvents } from './follow-events.js';
import { headerNames } from '../contract/headers.js';
import { parseAnswer, UnknownAnswer } from './parse-answer.js';
import { readLogLines, type LogLines, type LogQuery } from './read-log-lines.js';
import type { BodyOf, Route } from '../contract/route.js';
import { routes } from '../contract/routes.js';
import type { RunFilterQuery } from '../contract/run-query.js';
import { RequestSender, type AwayListener, type ClientOptions, type Sending } from './send-request.js';

/** The text of a pipeline, as a file holds it or a person wrote it. */
export interface PipelineText {
  text: string;
  /** One of `pipelineContentTypes`. */
  contentType: string;
}

/** Selects the runs of a bulk operation. */
type BulkSending = RunFilterQuery & { all?: boolean; dryRun?: boolean; cursor?: string };

/**
 * The API of one server. Every call is retried while Redis or the connection is briefly away. Creating a run sends an
 * `Idempotency-Key`, so a retry does not make a second run. Calls reject with RequestError (the server answered with an
 * error), ConnectionError, or the signal's reason.
 */
export class Client {
  readonly #sender: RequestSender;

  constructor(options: ClientOptions) {
    this.#sender = new RequestSender(options);
  }

  /** Sets the listener that is told when a call waits for the server, and when the server answers again. */
  onAway(listener: AwayListener): void {
    this.#sender.onAway = listener;
  }

  /** With an `externalId` resolves to the run that has it, if that has the same pipeline. */
  createRun(
    pipeline: PipelineText,
    options: { idempotencyKey?: string; externalId?: string; signal?: AbortSignal } = {},
  ) {
    const headers = {
      'Content-Type': pipeline.contentType,
      [headerNames.idempotencyKey]: options.idempotencyKey ?? crypto.randomUUID(),
    };
    const query = options.externalId === undefined ? {} : { externalId: options.externalId };
    return this.#json(routes.createRun, {
      params: {},
      query,
      headers,
      body: pipeline.text,
      ...signalOf(options.signal),
    });
  }

  validatePipeline(pipeline: PipelineText, signal?: AbortSignal) {
    const headers = { 'Content-Type': pipeline.contentType };
    return this.#json(routes.validatePipeline, { params: {}, headers, body: pipeline.text, ...signalOf(signal) });
  }

  listRuns(query: RunFilterQuery & { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.#json(routes.listRuns, { params: {}, query: pageQuery(query), ...signalOf(signal) });
  }

  /** Rejects with NotFound also if an earlier try of this call deleted the run and its answer was lost. */
  deleteRun(uid: string, signal?: AbortSignal) {
    return this.#json(routes.deleteRun, { params: { uid }, ...signalOf(signal) });
  }

  /** Handles up to 500 runs. While the answer has a `next`, call again with it as `cursor`. */
  cancelRuns(query: BulkSending, signal?: AbortSignal) {
    return this.#json(routes.cancelRuns, { params: {}, query: pageQuery(query), ...emptyBody, ...signalOf(signal) });
  }

  /** Pages like `cancelRuns`. */
  rerunRuns(query: BulkSending, from: 'failed' | 'all' = 'failed', signal?: AbortSignal) {
    const headers = { ...emptyBody.headers, [headerNames.idempotencyKey]: crypto.randomUUID() };
    const sending = { params: {}, query: pageQuery(query), headers, body: JSON.stringify({ from }) };
    return this.#json(routes.rerunRuns, { ...sending, ...signalOf(signal) });
  }

  /** Pages like `cancelRuns`. */

  deleteRuns(query: BulkSending, signal?: AbortSignal) {
    return this.#json(routes.deleteRuns, { params: {}, query: pageQuery(query), ...signalOf(signal) });
  }

  getRun(uid: string, signal?: AbortSignal) {
    return this.#json(routes.getRun, { params: { uid }, ...signalOf(signal) });
  }

  listJobs(uid: string, query: { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.#json(routes.listJobs, { params: { uid }, query: pageQuery(query), ...signalOf(signal) });
  }

  /** Returns one page of a run's timeline. The summary is the same on every page. */
  getTimeline(uid: string, query: { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.#json(routes.getTimeline, { params: { uid }, query: pageQuery(query), ...signalOf(signal) });
  }

  getJob(uid: string, job: string, signal?: AbortSignal) {
    return this.#json(routes.getJob, { params: { uid, job }, ...signalOf(signal) });
  }

  /** Returns a final run unchanged. */
  cancelRun(uid: string, signal?: AbortSignal) {
    return this.#json(routes.cancelRun, { params: { uid }, ...emptyBody, ...signalOf(signal) });
  }

  /** Rejects with RequestError Conflict if the job is not FAILED or one of its dependents has started. */
  retryJob(uid: string, job: string, signal?: AbortSignal) {
    return this.#json(routes.retryJob, { params: { uid, job }, ...emptyBody, ...signalOf(signal) });
  }

  rerunRun(uid: string, from: RerunFrom = 'failed', options: { idempotencyKey?: string; signal?: AbortSignal } = {}) {
    const { idempotencyKey = crypto.randomUUID(), signal } = options;
    const headers = { ...emptyBody.headers, [headerNames.idempotencyKey]: idempotencyKey };
    return this.#json(routes.rerunRun, {
      params: { uid },
      headers,
      body: JSON.stringify({ from }),
      ...signalOf(signal),
    });
  }

  explainJob(uid: string, job: string, signal?: AbortSignal) {
    return this.#json(routes.explainJob, { params: { uid, job }, ...signalOf(signal) });
  }

  listWorkers(signal?: AbortSignal) {
    return this.#json(routes.listWorkers, { params: {}, ...signalOf(signal) });
  }

  drainWorker(worker: string, signal?: AbortSignal) {
    return this.#json(routes.drainWorker, { params: { worker }, ...emptyBody, ...signalOf(signal) });
  }

  undrainWorker(worker: string, signal?: AbortSignal) {
    return this.#json(routes.undrainWorker, { params: { worker }, ...signalOf(signal) });
  }

  /** Stops the start of new attempts until `resume`. */
  pause(signal?: AbortSignal) {
    return this.#json(routes.pause, { params: {}, ...emptyBody, ...signalOf(signal) });
  }

  resume(signal?: AbortSignal) {
    return this.#json(routes.resume, { params: {}, ...emptyBody, ...signalOf(signal) });
  }

  getPipeline(uid: string, signal?: AbortSignal): Promise<PipelineText> {
    return this.#sender.send(routes.getPipeline, { params: { uid }, ...signalOf(signal) }, async (response) => ({
      text: await response.text(),
      contentType: response.headers.get('content-type') ?? '',
    }));
  }

  /** Yields the lines of an attempt's log. Reconnects by itself. */
  readLogLines(uid: string, job: string, query: LogQuery = {}, signal?: AbortSignal): LogLines {
    return readLogLines(this.#sender, { uid, job }, query, signal);
  }

  /** Returns the cursor of the newest event. `followEvents` from there yields everything that is still to come. */
  async lastCursor(signal?: AbortSignal): Promise<string> {
    const sending = { params: {}, query: { after: 'latest', limit: 1 }, ...signalOf(signal) };
    const cursor = await this.#sender.send(routes.readEvents, sending, async (response) => {
      await response.text();
      return response.headers.get(headerNames.cursor);
    });
    if (cursor === null)
      throw new UnknownAnswer('The response to the request for events is not from chainr, or from another version.');
    return cursor;
  }

  /** Yields every event after the cursor as it comes, without end. Reconnects by itself. */
  followEvents(after: string | undefined, signal?: AbortSignal): StreamedEvents {
    return followEvents(this.#sender, after, signal);
  }

  async #json<R extends Route>(route: R, sending: Sending<R>): Promise<BodyOf<R>> {
    const text = await this.#sender.send(route, sending, (response) => response.text());
    return parseAnswer(route, text);
  }
}

const emptyBody = { headers: { 'Content-Type': 'application/json' }, body: '{}' } as const;

/** The query with its cursor as a number. */
function pageQuery<Q extends { cursor?: string }>({ cursor, ...query }: Q): Omit<Q, 'cursor'> & { cursor?: number } {
  return { ...query, ...(cursor === undefined ? {} : { cursor: Number(cursor) }) };
}

function signalOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
