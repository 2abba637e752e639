/** A request body at the limit in one respect. */
export interface LimitPipeline {
  text: string;
  contentType: string;
}

const bodyLength = 8 * 1024 * 1024 - 200;
const job = { image: 'b', run: 'x' };

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const map = (count: number, entry: (at: number) => readonly [string, unknown]): Record<string, unknown> =>
  Object.fromEntries(times(count, entry));
const jobs = (count: number, make: (at: number) => unknown = () => job) => map(count, (at) => [`j${at}`, make(at)]);
const variables = (count: number, value: (at: number) => unknown = () => 'x') =>
  map(count, (at) => [`V${at}`, value(at)]);
const before = (at: number, most: number): string[] => times(Math.min(at, most), (back) => `j${at - 1 - back}`);
/** Repeats a unit until the body is full. */
const filled = (unit: string): string => times(Math.floor(bodyLength / (unit.length + 1)), () => unit).join(',');
/** Entries of an object, generated in a way that is fast enough. */
const entries = (count: number, begin: string): string => times(count, (at) => `"${begin}${at}":0`).join(',');
const anyCondition = { success: true, failure: true, skipped: true };

const pipeline = (jobsOf: unknown, rest: object = {}): string =>
  JSON.stringify({ kind: 'Pipeline', ...rest, jobs: jobsOf });
const aJob = (inside: string): string => `{"kind":"Pipeline","jobs":{"a":{"image":"b",${inside}}}}`;

const json: Readonly<Record<string, () => string>> = {
  '4,000 jobs, 4,000 variables': () => pipeline(jobs(4_000), { env: variables(4_000) }),
  '10,000 jobs, 5,000 variables': () => pipeline(jobs(10_000), { env: variables(5_000) }),
  '10,000 jobs, 20,000 variables': () => pipeline(jobs(10_000), { env: variables(20_000) }),
  '10,000 jobs, 40 variables each': () => pipeline(jobs(10_000, () => ({ ...job, env: variables(40) }))),
  '10,000 jobs, scripts of 700 bytes': () => pipeline(jobs(10_000, () => ({ ...job, run: 'x'.repeat(700) }))),
  '10,000 jobs, long names': () => pipeline(map(10_000, (at) => [`j${at}`.padEnd(63, 'x'), job])),
  '10,000 jobs, 100,000 edges': () => pipeline(jobs(10_000, (at) => ({ ...job, dependsOn: before(at, 10) }))),
  '100,000 edges with conditions': () =>
    pipeline(
      jobs(10_000, (at) => ({
        ...job,
        dependsOn: before(at, 10).map((name) => ({ job: name, conditions: anyCondition })),
      })),
    ),
  '100,000 unknown dependencies': () =>
    pipeline(jobs(10_000, (at) => ({ ...job, dependsOn: times(10, (edge) => `unknown-job-${at * 10 + edge}`) }))),
  'a job of 900,000 dependencies': () => pipeline({ a: { ...job, dependsOn: times(900_000, (at) => `a${at}`) } }),
  'a chain of 10,000 with references': () =>
    pipeline(jobs(10_000, (at) => ({ ...job, dependsOn: before(at, 1), env: { A: '${{ jobs.j0.outputs.x }}' } }))),
  '10,000 references': () =>
    pipeline({ a: job, b: { ...job, dependsOn: ['a'], env: variables(10_000, () => '${{ jobs.a.outputs.x }}') } }),
  '10,000 unknown references': () =>
    pipeline(jobs(10_000, (at) => ({ ...job, env: { A: `\${{ jobs.unknown${at}.outputs.x }}` } }))),
  '280,000 steps': () =>
    pipeline(jobs(2_800, () => ({ image: 'b', steps: times(100, (at) => ({ name: String(at), run: 'x' })) }))),
  '168,000 steps, long images': () =>
    pipeline(
      jobs(2_800, () => ({ image: 'i'.repeat(1_024), steps: times(60, (at) => ({ name: `s${at}`, run: 'x' })) })),
    ),
  '60 jobs, long scripts of escapes': () => pipeline(jobs(60, () => ({ image: 'b', run: '\u0001'.repeat(20_000) }))),
  '64 jobs, scripts of 120 KiB': () => pipeline(jobs(64, () => ({ image: 'b', run: 'x'.repeat(120 * 1024) }))),
  'a script of 8 MiB': () => pipeline({ a: { ...job, run: 'x'.repeat(bodyLength - 100) } }),
  'a script of quotes': () => pipeline({ a: { ...job, run: '"'.repeat(bodyLength / 2 - 100) } }),
  '10,000 mistakes': () => pipeline(map(10_000, (at) => [`J${at}`, { priority: 1_000, nope: 1, timeout: 'x' }])),
  '400,000 resources': () => pipeline({ a: { ...job, resources: { limits: map(400_000, (at) => [`x/y${at}`, 1]) } } }),
  'empty strings as command': () => aJob(`"command":[${filled('""')}]`),
  '500,000 unknown keys': () => `{"kind":"Pipeline","jobs":{"a":{"image":"b","run":"x"}},${entries(500_000, 'k')}}`,
  '500,000 unknown keys of a job': () => aJob(`"run":"x",${entries(500_000, 'k')}`),
  '500,000 variables': () => aJob(`"run":"x","env":{${entries(500_000, 'V')}}`),
  '400,000 labels': () => `{"kind":"Pipeline","metadata":{"labels":{${entries(400_000, 'l')}}},"jobs":{}}`,
  '700,000 jobs': () => `{"kind":"Pipeline","jobs":{${entries(700_000, '')}}}`,
  'a list of numbers as a job': () => `{"kind":"Pipeline","jobs":{"a":[${filled('0')}]}}`,
  'a list of numbers': () => `[${filled('0')}]`,
  'deep lists': () => '['.repeat(bodyLength),
  'deep maps': () => '{"a":'.repeat(bodyLength / 5),
  'many lists of depth 26': () => `{"kind":"Pipeline","jobs":[${filled('['.repeat(26) + '0' + ']'.repeat(26))}]}`,
};

const yaml: Readonly<Record<string, () => string>> = {
  'YAML, flow of words': () => `kind: Pipeline\njobs: {a: {image: b, command: [${filled('x')}]}}`,
  'YAML, commas': () => ','.repeat(bodyLength),
  'YAML, newlines': () => `${'\n'.repeat(bodyLength)}kind: Pipeline`,
  'YAML, comments': () => `${'# x\n'.repeat(bodyLength / 4 - 10)}kind: Pipeline`,
  'YAML, 200,000 aliases': () =>
    `kind: Pipeline\nx: &x [0]\njobs: {a: {image: b, command: [${times(200_000, () => '*x').join(',')}]}}`,
  'YAML, 150,000 anchors': () => `kind: Pipeline\nx:\n${times(150_000, (at) => `- &a${at} 0\n`).join('')}`,
  'YAML, aliases of aliases': () =>
    times(9, (at) => `l${at + 1}: &l${at + 1} [${times(10, () => `*l${at}`).join(',')}]\n`).reduce(
      (text, line) => text + line,
      'l0: &l0 [0]\n',
    ),
  'YAML, env of 3,000 as 300 aliases': () =>
    `kind: Pipeline\njobs:\n  a: {image: b, run: x, env: &e {${times(3_000, (at) => `V${at}: x`).join(', ')}}}\n` +
    times(300, (at) => `  b${at}: {image: b, run: x, env: *e}\n`).join(''),
  'YAML, 10,000 jobs': () =>
    `kind: Pipeline\njobs:\n${times(10_000, (at) => `  j${at}:\n    image: b\n    run: |\n      echo a\n      echo b\n`).join('')}`,
  'YAML, a script of 280,000 lines': () =>
    `kind: Pipeline\njobs:\n  a:\n    image: b\n    run: |\n${'      echo hello hello hello\n'.repeat(280_000)}`,
  'YAML, escapes': () => `kind: Pipeline\njobs: {a: {run: "${'\\n'.repeat(bodyLength / 2 - 100)}"}}`,
};

const sent = (texts: typeof json, contentType: string) =>
  Object.entries(texts).map(([name, make]) => [name, () => ({ text: make(), contentType })] as const);

/** The bodies by what is large in them, generated when needed. Some are accepted and some refused. */
export const limitPipelines: ReadonlyMap<string, () => LimitPipeline> = new Map([
  ...sent(json, 'application/json'),
  ...sent(yaml, 'application/yaml'),
]);

/** A job whose pipeline has 1 MiB of variables, the most that a container may have. */
export const largeEnv = (): LimitPipeline => ({
  text: pipeline({ a: job }, { env: variables(8, () => 'x'.repeat(127 * 1024)) }),
  contentType: 'application/json',
});
