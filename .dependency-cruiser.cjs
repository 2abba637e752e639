/*
 * Which way imports may point (ARCHITECTURE.md, "Folders and arrows"). scripts/test/arrows.test.ts
 * shows for each rule an import that it refuses.
 */
const services = ['gate', 'sched', 'work', 'notif', 'recycle', 'ui'];
const anyService = `^(${services.join('|')})/`;
const src = '^[^/]+/src/';
/** What decides, and touches nothing: the language, the engine, the timeline. */
const pure = '^core/src/(pipeline|engine|timeline)/';
/** Packages that exist to test and to measure; they are not part of what runs. */
const testTools = '^(testkit|bench|chaos)/';
const tests = '^[^/]+/(test|integration|cluster|suite)/';
/** `chainr up` is all services in one process. */
const startsServices = '^cli/src/(up/|commands/up-command\\.ts$)';
/** A package of npm, whether it is installed or not. */
const npm = (names) => `(^|node_modules/)(${names})(/|$)`;
/** Types are erased: naming one ties nothing together at run time. */
const atRunTime = { dependencyTypesNot: ['type-only'] };

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one concept, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment:
        'An import that leads nowhere breaks at run time, on the machine of somebody else. (The client of Kubernetes is ruled below.)',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@kubernetes/client-node' },
    },
    {
      name: 'the-engine-is-pure',
      comment:
        'core/pipeline, core/engine and core/timeline are the mathematics of chainr: they read no clock, file or network, so that every branch of them can be tested.',
      severity: 'error',
      from: { path: pure },
      to: { path: '^[^/]+/(src|dist)/', pathNot: pure },
    },
    {
      name: 'the-engine-touches-no-system',
      comment: 'As above: no module of Node either.',
      severity: 'error',
      from: { path: pure },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-language-knows-no-engine',
      comment: 'A pipeline is read and checked in the same way whatever runs it.',
      severity: 'error',
      from: { path: '^core/src/pipeline/' },
      to: { path: '^core/src/(engine|timeline)/' },
    },
    {
      name: 'the-engine-knows-no-timeline',
      comment: 'The timeline looks at what the engine has done; nothing is decided by it.',
      severity: 'error',
      from: { path: '^core/src/engine/' },
      to: { path: '^core/src/timeline/' },
    },
    {
      name: 'api-knows-only-the-engine',
      comment:
        'The schemas of the routes are shared with the page and the command, which must not draw in Redis with them.',
      severity: 'error',
      from: { path: '^core/src/api/' },
      to: { path: '^[^/]+/(src|dist)/', pathNot: '^core/src/(api|async|pipeline|engine|timeline)/' },
    },
    {
      name: 'store-knows-only-the-engine',
      comment:
        'The state does not know who serves it or what queues it. The types of a logger and of a lifecycle are no such knowledge, nor is the form of an address of Redis, which settings are checked for.',
      severity: 'error',
      from: { path: '^core/src/store/' },
      to: {
        path: '^[^/]+/(src|dist)/',
        pathNot: '^core/src/((store|async|pipeline|engine|timeline)/|service/redis-address)',
        ...atRunTime,
      },
    },
    {
      name: 'usecases-know-only-the-store',
      comment:
        'What is done with runs is the same whoever asks: a request, a schedule, an operator. What else a use case needs, such as a reader of pipelines or the length of a queue, it is given as a function.',
      severity: 'error',
      from: { path: '^core/src/usecases/' },
      to: { path: '^[^/]+/(src|dist)/', pathNot: '^core/src/(usecases|store|pipeline|engine|timeline)/' },
    },
    {
      name: 'usecases-speak-no-http',
      comment: 'As above: no status codes, headers or requests. Those who serve the API translate.',
      severity: 'error',
      from: { path: '^core/src/usecases/' },
      to: { path: `^(node:)?https?2?$|${npm('express')}` },
    },
    {
      name: 'core-imports-no-usecases',
      comment: 'Use cases are what services call; the rest of core works without them.',
      severity: 'error',
      from: { path: '^core/src/', pathNot: '^core/src/usecases/' },
      to: { path: '^core/src/usecases/' },
    },
    {
      name: 'queue-knows-only-the-engine',
      comment:
        'The queue is a hint, never truth: it must not read or write the state. The names of all keys are made in one file, connections in another, and what says that Redis is away in a third; those it takes from the store.',
      severity: 'error',
      from: { path: '^core/src/queue/' },
      to: {
        path: '^[^/]+/(src|dist)/',
        pathNot:
          '^core/src/((queue|async|pipeline|engine)/|store/redis/(keys|connection|translate-redis-errors)\\.ts$)',
        ...atRunTime,
      },
    },
    {
      name: 'service-parts-are-general',
      comment:
        'What every service shares (settings, logger, HTTP, lifecycle) serves those without a store too, such as gate and ui. It does know the error that says "Redis is away", to answer 503.',
      severity: 'error',
      from: { path: '^core/src/service/' },
      to: {
        path: '^[^/]+/(src|dist)/',
        pathNot: '^core/src/((service|api|async|pipeline|engine)/|store/redis/errors\\.ts$)',
      },
    },
    {
      name: 'core-imports-no-package',
      comment: 'Everything stands on core; it stands on nothing.',
      severity: 'error',
      from: { path: '^core/src/' },
      to: { path: '^[^/]+/(src|dist)/', pathNot: '^core/' },
    },
    {
      name: 'executor-knows-only-the-engine',
      comment: 'An executor runs attempts and reports outcomes; leases, slots and the store are the worker’s.',
      severity: 'error',
      from: { path: '^executor/src/' },
      to: { path: '^[^/]+/(src|dist)/', pathNot: '^(executor/|core/src/(async|pipeline|engine)/)', ...atRunTime },
    },
    {
      name: 'only-work-runs-executors',
      comment: 'One place decides what runs. The test tools bring their own fakes.',
      severity: 'error',
      from: { path: src, pathNot: ['^(executor|work)/', testTools] },
      to: { path: '^executor/' },
    },
    {
      name: 'ui-and-cli-speak-the-api',
      comment:
        'The page and the command see what every client sees. (Both are also started as processes, for which core/service is; `up` starts services and is ruled below.)',
      severity: 'error',
      from: { path: '^(ui|cli)/src/', pathNot: startsServices },
      to: { path: '^[^/]+/(src|dist)/', pathNot: '^((ui|cli)/|core/src/(api|pipeline|engine|timeline|service)/)' },
    },
    {
      name: 'ui-and-cli-are-two',
      comment: 'The page does not need the command, nor the command the page; only `up` starts it.',
      severity: 'error',
      from: { path: '^(ui|cli)/src/', pathNot: startsServices },
      to: { path: '^(ui|cli)/', pathNot: '^$1/' },
    },
    {
      name: 'services-meet-in-redis',
      comment: 'Services never import one another: each can be killed, replaced and counted alone.',
      severity: 'error',
      from: { path: '^(gate|sched|work|notif|recycle|ui)/' },
      to: { path: anyService, pathNot: '^$1/' },
    },
    {
      name: 'services-are-started-whole',
      comment: 'Only `chainr up` and the test tools start services in their own process.',
      severity: 'error',
      from: { path: '^(core|executor|cli)/src/', pathNot: startsServices },
      to: { path: anyService },
    },
    {
      name: 'services-are-entered-by-their-service-file',
      comment: 'Whoever starts a service knows its service.ts, not what it is made of.',
      severity: 'error',
      from: { path: ['^(testkit|bench|chaos)/', startsServices] },
      to: { path: anyService, pathNot: '/(src|dist)/service\\.(ts|js|d\\.ts)$' },
    },
    {
      name: 'tools-are-not-imported',
      comment: 'Nothing that runs depends on what tests it, measures it or commands it.',
      severity: 'error',
      from: { path: src, pathNot: [testTools, '^cli/'] },
      to: { path: [testTools, '^cli/'] },
    },
    {
      name: 'the-command-imports-no-tools',
      comment: 'As above, for the command itself.',
      severity: 'error',
      from: { path: '^cli/src/' },
      to: { path: testTools },
    },
    {
      name: 'src-imports-no-tests',
      comment: 'As above, for the tests and the scripts.',
      severity: 'error',
      from: { path: src },
      to: { path: '^([^/]+/(test|integration|cluster|scripts)|scripts)/' },
    },
    {
      name: 'redis-has-one-seam',
      comment: 'Who speaks to Redis elsewhere makes keys and commands that no script guards.',
      severity: 'error',
      from: { pathNot: ['^core/src/(store|queue)/', testTools, tests] },
      to: { path: npm('ioredis|bullmq') },
    },
    {
      name: 'kubernetes-has-one-seam',
      comment: 'As above, for the API of Kubernetes.',
      severity: 'error',
      from: { pathNot: ['^executor/src/kubernetes/', testTools, tests] },
      to: { path: npm('@kubernetes/client-node') },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    exclude: { path: ['(^|/)dist/', '(^|/)coverage/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['chainr-source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
