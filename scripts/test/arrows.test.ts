import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { cruise, type ICruiseOptions, type IFlattenedRuleSet } from 'dependency-cruiser';

interface Config {
  forbidden: { name: string }[];
  options: ICruiseOptions;
}
const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as Config;

interface Import {
  from: string;
  /** A file, or a package of npm. */
  to: string;
  /** A type is imported, not a value. */
  type?: true;
}

/** An import that each rule must refuse. */
const refused: Record<string, Import> = {
  'no-cycles': { from: 'core/src/engine/cycle.ts', to: 'core/src/engine/dag.ts' },
  resolvable: { from: 'sched/src/runs/create-run.ts', to: 'no-such-package' },
  'the-engine-is-pure': { from: 'core/src/engine/states.ts', to: 'core/src/store/redis/keys.ts' },
  'the-engine-touches-no-system': { from: 'core/src/pipeline/names.ts', to: 'node:fs' },
  'the-language-knows-no-engine': { from: 'core/src/pipeline/limits.ts', to: 'core/src/engine/reasons.ts' },
  'the-engine-knows-no-timeline': { from: 'core/src/engine/rerun.ts', to: 'core/src/timeline/timeline.ts' },
  'api-knows-only-the-engine': { from: 'core/src/api/contract/routes.ts', to: 'core/src/service/logger.ts' },
  'store-knows-only-the-engine': { from: 'core/src/store/runs/run-store.ts', to: 'core/src/queue/bundles.ts' },
  'usecases-know-only-the-store': { from: 'core/src/usecases/cancel.ts', to: 'core/src/api/contract/errors.ts' },
  'usecases-speak-no-http': { from: 'core/src/usecases/submit.ts', to: 'node:http' },
  'core-imports-no-usecases': { from: 'core/src/queue/sweep.ts', to: 'core/src/usecases/delete.ts' },
  'queue-knows-only-the-engine': { from: 'core/src/queue/send.ts', to: 'core/src/store/runs/run-store.ts' },
  'service-parts-are-general': { from: 'core/src/service/health.ts', to: 'core/src/store/store.ts' },
  'core-imports-no-package': { from: 'core/src/queue/deliver.ts', to: 'executor/src/port.ts' },
  'executor-knows-only-the-engine': { from: 'executor/src/process/ensure.ts', to: 'core/src/store/leases.ts' },
  'only-work-runs-executors': { from: 'recycle/src/context.ts', to: 'executor/src/port.ts' },
  'ui-and-cli-speak-the-api': { from: 'cli/src/get-run.ts', to: 'core/src/store/runs/run-store.ts' },
  'ui-and-cli-are-two': { from: 'ui/src/page.ts', to: 'cli/src/watch.ts' },
  'services-meet-in-redis': { from: 'sched/src/wake.ts', to: 'work/src/service.ts' },
  'services-are-started-whole': { from: 'cli/src/validate.ts', to: 'sched/src/service.ts' },
  'services-are-entered-by-their-service-file': { from: 'cli/src/up/start.ts', to: 'gate/src/proxy.ts' },
  'tools-are-not-imported': { from: 'work/src/slots.ts', to: 'testkit/src/redis.ts' },
  'the-command-imports-no-tools': { from: 'cli/src/run.ts', to: 'testkit/src/redis.ts' },
  'src-imports-no-tests': { from: 'notif/src/events.ts', to: 'notif/test/fake.ts' },
  'redis-has-one-seam': { from: 'sched/src/count.ts', to: 'ioredis' },
  'kubernetes-has-one-seam': { from: 'work/src/pods.ts', to: '@kubernetes/client-node' },
};

/** Imports that no rule may refuse. */
const allowed: Import[] = [
  { from: 'core/src/store/a.ts', to: 'core/src/timeline/b.ts' },
  { from: 'core/src/timeline/b.ts', to: 'core/src/engine/c.ts' },
  { from: 'core/src/engine/c.ts', to: 'core/src/pipeline/d.ts' },
  { from: 'core/src/store/a.ts', to: 'core/src/service/only-types.ts', type: true },
  { from: 'core/src/store/a.ts', to: 'ioredis' },
  { from: 'core/src/usecases/a.ts', to: 'core/src/store/b.ts' },
  { from: 'core/src/usecases/a.ts', to: 'core/src/timeline/b.ts' },
  { from: 'sched/src/a.ts', to: 'core/src/usecases/b.ts' },
  { from: 'core/src/queue/a.ts', to: 'bullmq' },
  { from: 'core/src/queue/a.ts', to: 'core/src/store/redis/keys.ts' },
  { from: 'core/src/service/c.ts', to: 'core/src/store/redis/errors.ts' },
  { from: 'executor/src/a.ts', to: 'core/src/engine/b.ts' },
  { from: 'executor/src/kubernetes/a.ts', to: '@kubernetes/client-node' },
  { from: 'work/src/a.ts', to: 'executor/src/b.ts' },
  { from: 'work/src/a.ts', to: 'core/src/store/c.ts' },
  { from: 'ui/src/a.ts', to: 'core/src/api/b.ts' },
  { from: 'cli/src/a.ts', to: 'core/src/pipeline/b.ts' },
  { from: 'cli/src/commands/up-command.ts', to: 'gate/src/service.ts' },
  { from: 'cli/src/up/a.ts', to: 'ui/src/service.ts' },
  { from: 'cli/src/up/a.ts', to: 'core/src/store/c.ts' },
  { from: 'testkit/src/a.ts', to: 'sched/src/service.ts' },
  { from: 'bench/src/a.ts', to: 'testkit/src/b.ts' },
  { from: 'gate/test/a.test.ts', to: 'testkit/src/b.ts' },
];

/** Writes a small tree with one file per import, and returns the refused imports, sorted. */
async function violations(imports: readonly Import[]): Promise<{ rule: string; from: string; to: string }[]> {
  const root = mkdtempSync(join(tmpdir(), 'chainr-arrows-'));
  try {
    const files = new Map<string, string>();
    for (const { from, to, type } of imports) {
      const target = to.endsWith('.ts') ? `./${relative(dirname(from), to)}`.replace(/\.ts$/, '.js') : to;
      const statement =
        type === undefined ? `import { x } from '${target}'; x();` : `import type { x } from '${target}';`;
      files.set(from, `${files.get(from) ?? 'export const y = 1;'}\n${statement}\n`);
      if (to.endsWith('.ts') && !files.has(to)) files.set(to, 'export const x = () => 1;\n');
    }
    for (const [file, text] of files) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    const top = [...new Set([...files.keys()].map((file) => file.split('/')[0] ?? file))];
    const { output } = await cruise(top, {
      ...config.options,
      baseDir: root,
      validate: true,
      ruleSet: config as unknown as IFlattenedRuleSet,
    });
    if (typeof output === 'string') throw new Error(output);
    return output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe('the arrows', () => {
  let found: Awaited<ReturnType<typeof violations>>;

  before(async () => {
    const cycle = { from: 'core/src/engine/dag.ts', to: 'core/src/engine/cycle.ts' };
    found = await violations([...Object.values(refused), cycle]);
  });

  it('have a refused import for every rule', () => {
    expect(Object.keys(refused).sort()).to.deep.equal(config.forbidden.map(({ name }) => name).sort());
  });

  for (const [rule, { from, to }] of Object.entries(refused)) {
    it(`refuse ${to} in ${from} (${rule})`, () => {
      expect(found.filter((violation) => violation.from === from).map((violation) => violation.rule)).to.include(rule);
    });
  }

  it('accept what the architecture allows', async () => {
    // The packages are not installed in the small tree.
    const refusals = (await violations(allowed)).filter(({ rule, to }) => rule !== 'resolvable' || to.endsWith('.js'));
    expect(refusals).to.deep.equal([]);
  });
});
