import { openEngine } from './open-engine.js';
import { median, type Row } from './row.js';
import { runShape } from './run-shape.js';
import { fanOf, type Shape } from './shapes.js';

/** Five pairs still vary by 0.1 from run to run. */
const rounds = 9;
const runsInFlight = 64;

/** 10,000 jobs as one run and as a hundred runs, each shaped 1 → all the others → 1. */
export async function* measureLargeRun(): AsyncGenerator<Row> {
  const large = fanOf(9_998);
  const small = fanOf(98);
  for (let at = 0; at < 2; at += 1) await microsPerJob(small, 100);
  const pairs: { large: number; small: number }[] = [];
  for (let at = 0; at < rounds; at += 1) {
    pairs.push({ small: await microsPerJob(small, 100), large: await microsPerJob(large, 1) });
  }
  const one = median(pairs.map((pair) => pair.large));
  const hundred = median(pairs.map((pair) => pair.small));
  yield {
    name: '1 × 10,000 to 100 × 100',
    figure: `${one.toFixed(1)} µs to ${hundred.toFixed(1)} µs per job`,
    value: median(pairs.map((pair) => pair.large / pair.small)),
    unit: '×',
    target: { atMost: 1.2 },
  };
}

async function microsPerJob(shape: Shape, runs: number): Promise<number> {
  const engine = await openEngine();
  try {
    return ((await runShape(engine, shape, runs, runsInFlight)) / (runs * shape.pipeline.jobs.length)) * 1e6;
  } finally {
    await engine.stop();
  }
}
