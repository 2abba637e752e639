import { openEngine } from './open-engine.js';
import { median, type Row } from './row.js';
import { runBullmq } from './run-bullmq.js';
import { runShape } from './run-shape.js';
import { throughputShapes, type Shape } from './shapes.js';

const rounds = 5;
/** V8 needs about 40,000 jobs to warm up, for BullMQ as for chainr. */
const warmUpJobs = 40_000;
const jobsPerRound = 12_000;
const runsInFlight = 64;

/**
 * Each round measures BullMQ alone, then every shape on a fresh Redis. Ratios are to the baseline of the same round.
 */
export async function* measureThroughput(): AsyncGenerator<Row> {
  const shapes = await throughputShapes();
  await runBullmq(warmUpJobs);
  await round(shapes, Math.ceil(warmUpJobs / shapes.length));
  const baselines: number[] = [];
  const rates = new Map<Shape, number[]>(shapes.map((shape) => [shape, []]));
  const ratios = new Map<Shape, number[]>(shapes.map((shape) => [shape, []]));
  for (let at = 0; at < rounds; at += 1) {
    const baseline = jobsPerRound / (await runBullmq(jobsPerRound));
    baselines.push(baseline);
    for (const [shape, rate] of await round(shapes, jobsPerRound)) {
      rates.get(shape)?.push(rate);
      ratios.get(shape)?.push(rate / baseline);
    }
  }
  yield { name: 'BullMQ alone', figure: perSecond(median(baselines)), value: 1, unit: '×' };
  for (const shape of shapes) {
    const figure = perSecond(median(rates.get(shape) ?? []));
    const target = shape.target === undefined ? {} : { target: { atLeast: shape.target } };
    yield { name: shape.name, figure, value: median(ratios.get(shape) ?? []), unit: '×', ...target };
  }
}

/** Jobs per second of each shape. A skipped job counts, since its run does not end without it. */
async function round(shapes: readonly Shape[], jobs: number): Promise<Map<Shape, number>> {
  const rates = new Map<Shape, number>();
  for (const shape of shapes) {
    const engine = await openEngine();
    try {
      const size = shape.pipeline.jobs.length;
      const runs = Math.ceil(jobs / size);
      rates.set(shape, (runs * size) / (await runShape(engine, shape, runs, runsInFlight)));
    } finally {
      await engine.stop();
    }
  }
  return rates;
}

const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')} jobs per second`;
