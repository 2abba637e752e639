import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { metricTable } from './metric-table.js';

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
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  #ofProcess = false;

  constructor(service: string) {
    this.service = service;
    this.contentType = this.#registry.contentType;
    this.#registry.setDefaultLabels({ service });
  }

  /** The same name always gives the same counter. */
  counter<Name extends NameOf<'counter'>>(name: Name): Counter<LabelOf<Name>> {
    const known = this.#counters.get(name) ?? new Counter({ ...optionsOf(name), registers: [this.#registry] });
    this.#counters.set(name, known);
    return known;
  }

  /** The same name always gives the same gauge. */
  gauge<Name extends NameOf<'gauge'>>(name: Name): Gauge<LabelOf<Name>> {
    const known = this.#gauges.get(name) ?? new Gauge({ ...optionsOf(name), registers: [this.#registry] });
    this.#gauges.set(name, known);
    return known;
  }

  /** Counts an answer by the class of its status. */
  countAnswer(status: number): void {
    this.counter('httpAnswers').inc({ class: `${Math.floor(status / 100)}xx` });
  }

  /**
   * All metrics, in the text format of Prometheus. The process metrics start with the first reading: they need a timer
   * and an observer, which would be a waste if nobody reads them.
   */
  async text(): Promise<string> {
    if (!this.#ofProcess)
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: delayEveryMs });
    this.#ofProcess = true;
    return this.#registry.metrics();
  }
}

function optionsOf(name: keyof Table) {
  const { name: metric, doc, labels } = metricTable[name];
  return { name: metric, help: doc, labelNames: [...labels] };
}
