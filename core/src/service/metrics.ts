import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricTable, type MetricDefinition } from './metric-table.js';

type Table = typeof metricTable;
type NameOf<Kind> = { [Name in keyof Table]: Table[Name]['kind'] extends Kind ? Name : never }[keyof Table];
type LabelOf<Name extends keyof Table> = Table[Name]['labels'][number];

/** Sampling interval of the event loop delay. */
const delayEveryMs = 20;

/**
 * The metrics of one service. The registry is its own, never prom-client's global one: in `chainr up` all services
 * share a process.
 */
export class Metrics {
  readonly service: string;
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #known = new Map<string, Counter | Gauge | Histogram>();
  readonly #readers: (() => Promise<void> | void)[] = [];
  #ofProcess = false;

  constructor(service: string) {
    this.service = service;
    this.contentType = this.#registry.contentType;
    this.#registry.setDefaultLabels({ service });
    // What has not happened is reported as 0, so that its first time is an increase.
    for (const answers of ['2xx', '3xx', '4xx', '5xx']) this.counter('httpAnswers').inc({ class: answers }, 0);
  }

  /** The same name always gives the same counter. */
  counter<Name extends NameOf<'counter'>>(name: Name): Counter<LabelOf<Name>> {
    return this.#once(name, () => new Counter(this.#optionsOf(name)));
  }

  /** The same name always gives the same gauge. */
  gauge<Name extends NameOf<'gauge'>>(name: Name): Gauge<LabelOf<Name>> {
    return this.#once(name, () => new Gauge(this.#optionsOf(name)));
  }

  /** The same name always gives the same histogram. */
  histogram<Name extends NameOf<'histogram'>>(name: Name): Histogram<LabelOf<Name>> {
    return this.#once(name, () => new Histogram(this.#optionsOf(name)));
  }

  /** Leaves a gauge out of what is read until it is set again. */
  forget(name: NameOf<'gauge'>): void {
    const gauge = this.gauge(name);
    gauge.reset();
    if (metricTable[name].labels.length === 0) gauge.remove();
  }

  /** Counts an answer by the class of its status. */
  countAnswer(status: number): void {
    this.counter('httpAnswers').inc({ class: `${Math.floor(status / 100)}xx` });
  }

  /** Returns what counts calls of the library in Redis: how long each took, and whether it was answered. */
  redisCallCounter(): (ms: number, answered: boolean) => void {
    const calls = this.histogram('redisCalls');
    const errors = this.counter('redisErrors');
    return (ms, answered) => {
      calls.observe(ms / 1000);
      if (!answered) errors.inc();
    };
  }

  /** Called before each reading, to set gauges that are not worth keeping up to date. It must not reject. */
  onRead(reader: () => Promise<void> | void): void {
    this.#readers.push(reader);
  }

  /**
   * All metrics, in the text format of Prometheus. The process metrics start with the first reading: they need a timer
   * and an observer, which would be a waste if nobody reads them.
   */
  async text(): Promise<string> {
    if (!this.#ofProcess)
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: delayEveryMs });
    this.#ofProcess = true;
    await Promise.all(this.#readers.map(async (read) => read()));
    return this.#registry.metrics();
  }

  #once<M extends Counter | Gauge | Histogram>(name: keyof Table, create: () => M): M {
    const known = (this.#known.get(name) as M | undefined) ?? create();
    this.#known.set(name, known);
    return known;
  }

  #optionsOf(name: keyof Table) {
    const { name: metric, doc, labels, buckets }: MetricDefinition = metricTable[name];
    const registers = [this.#registry];
    return { name: metric, help: doc, labelNames: [...labels], registers, ...(buckets && { buckets: [...buckets] }) };
  }
}
