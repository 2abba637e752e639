import { expect } from 'chai';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import type { AttemptSpec, Capabilities, Executor, PhaseChange } from '../src/port.js';
import {
  allOutput,
  allow,
  attemptOf,
  never,
  runToEnd,
  textOf,
  untilReady,
  withExecutor,
  withTwoExecutors,
  type Place,
  type Row,
  type StepDraft,
} from './place.js';

const needsServices = ({ services, output }: Capabilities): boolean => services && output;

/** A service that runs a script. */
const serviceOf = (image: string, name: string, script: string, rest: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  image,
  env: {},
  command: ['/bin/sh', '-c', script],
  ...rest,
});

/** Ends at once when it is stopped, and says so. */
const endsQuickly = `trap 'echo stopped; exit 3' TERM; `;
const waits = 'while :; do sleep 1 & wait $!; done';
const timeoutMs = 120_000;

const withServices = (image: string, services: readonly ServiceSpec[], ...steps: StepDraft[]): AttemptSpec => ({
  ...attemptOf(image, ...steps),
  services,
});

const outputOf = async (executor: Executor, spec: AttemptSpec, of: string): Promise<string> => {
  const chunks = await allOutput(executor, spec);
  return textOf(chunks, 'stdout', of) + textOf(chunks, 'stderr', of);
};

/** The messages with which the attempt waited. */
async function runAndWatch(executor: Executor, spec: AttemptSpec) {
  const changes: PhaseChange[] = [];
  await executor.ensure(spec, allow);
  const outcome = await executor.observe(spec, (change) => changes.push(change), never());
  return { outcome, changes };
}

/** Containers that run beside the steps of an attempt. */
export const serviceRows: readonly Row[] = [
  {
    name: 'refuses them with a sentence where it cannot run them, and starts nothing',
    needs: ({ services, output }) => !services && output,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = withServices(image, [serviceOf(image, 'db', waits)], { run: 'echo started' });
        const outcome = await runToEnd(executor, spec);
        expect(outcome).to.deep.include({
          reason: 'ConfigError',
          message:
            'The job has services ("db"), which this worker cannot run: use a pool whose workers have the docker or kubernetes executor.',
        });
        expect(outcome).not.to.have.property('startedAt');
      }),
  },
  {
    name: 'lets steps reach them as localhost and by name, with their own variables and arguments',
    needsNetwork: true,
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const address = executor.capabilities.checksLoopback ? '127.0.0.1:' : '';
        const services = [
          serviceOf(image, 'web', `mkdir -p /web && echo "$GREETING of $0" > /web/index.html && ${endsQuickly}httpd -f -p ${address}8080 -h /web & ${waits}`, { env: { GREETING: 'hello' }, args: ['$(GREETING)'], ready: { tcp: 8080, timeoutMs } }),
        ]; // prettier-ignore
        const run = 'for host in localhost 127.0.0.1 web; do wget -q -O - http://$host:8080/; done; echo "<$GREETING>"';
        const spec = withServices(image, services, { name: 'one', run }, { name: 'two', run });
        const outcome = await runToEnd(executor, spec);
        const answers = 'hello of hello\n'.repeat(3) + '<>\n';
        for (const step of ['one', 'two']) expect(await outputOf(executor, spec, step)).to.equal(answers);
        expect(outcome).to.include({ reason: 'Completed', exitCode: 0 });
        expect(outcome.steps?.map(({ name }) => name)).to.deep.equal(['one', 'two']);
      }),
  },
  {
    name: 'starts them in their order, each when the one before is ready, and the first step after the last',
    needsNetwork: true,
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const serve = (port: number) =>
          `mkdir -p /web; echo it > /web/index.html; httpd -f -p ${port} -h /web & ${waits}`;
        const services = [
          serviceOf(image, 'slow', `${endsQuickly}sleep 2; ${serve(7001)}`, { ready: { tcp: 7001, timeoutMs } }),
          serviceOf(image, 'quick', `${endsQuickly}wget -q -O - http://slow:7001/ && ${serve(7002)}`, { ready: { tcp: 7002, timeoutMs } }),
        ]; // prettier-ignore
        const spec = withServices(image, services, { run: 'wget -q -O - http://quick:7002/' });
        const { outcome, changes } = await runAndWatch(executor, spec);
        expect(outcome).to.include({ reason: 'Completed' });
        for (const of of ['quick', 'main']) expect(await outputOf(executor, spec, of)).to.contain('it\n');
        const messages = changes.flatMap(({ reason, message = '' }) => (reason === 'Starting' ? [message] : []));
        expect(messages.join('\n')).to.contain('"slow"');
      }),
  },
  {
    name: 'keeps their output under their names, and ends them after the last step, whatever their exit code',
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const services = [
          serviceOf(image, 'one', `${endsQuickly}echo begun; echo err >&2; ${waits}`),
          serviceOf(image, 'two', 'echo short; exit 7'),
        ];
        const spec = withServices(image, services, { run: 'sleep 1; echo worked' });
        expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed', exitCode: 0 });
        const chunks = await allOutput(executor, spec);
        const { separateStreams, restartsServices } = executor.capabilities;
        expect(textOf(chunks, 'stdout', 'one')).to.match(separateStreams ? /^begun\nstopped\n$/ : /^(begun\nerr|err\nbegun)\nstopped\n$/); // prettier-ignore
        expect(textOf(chunks, 'stderr', 'one')).to.equal(separateStreams ? 'err\n' : '');
        expect(textOf(chunks, 'stdout', 'two')).to.match(restartsServices ? /^(short\n)+$/ : /^short\n$/);
        expect(textOf(chunks, 'stdout', 'main')).to.equal('worked\n');
        await expectOver(executor, spec);
      }),
  },
  {
    name: 'waits until a service answers over HTTP with a status from 200 to 399',
    needsNetwork: true,
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const script = `mkdir -p /web; ${endsQuickly}httpd -f -p 8081 -h /web & sleep 2; touch /web/up; ${waits}`;
        const ready = { http: { port: 8081, path: '/up?100%' }, timeoutMs };
        const spec = withServices(image, [serviceOf(image, 'web', script, { ready })], { run: 'wget -q -O - http://web:8081/up; echo there' }); // prettier-ignore
        expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
        expect(await outputOf(executor, spec, 'main')).to.equal('there\n');
      }),
  },
  ...(
    [
      ['run', { run: 'exit 4' }, /exit code 4|script does not exit with 0/],
      ['tcp', { tcp: 9999 }, /9999/],
      ['http', { http: { port: 9999, path: '/up' } }, /\/up/],
    ] as const
  ).map(([kind, check, told]): Row => ({
    name: `ends as ServiceNotReady if one is not ready in time, with its name, the check and its last lines: ${kind}`,
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const script = `${endsQuickly}for i in $(seq 30); do echo "line $i"; done; ${waits}`;
        const service = serviceOf(image, 'db', script, { ready: { ...check, timeoutMs: 4_000 } });
        const spec = withServices(image, [service], { run: 'echo never' });
        const { reason, message = '', startedAt } = await runToEnd(executor, spec);
        expect([reason, startedAt]).to.deep.equal(['ServiceNotReady', undefined]);
        expect(message).to.contain('The service "db"').and.contain(' 4s').and.match(told);
        expect(message).to.contain('line 11\n').and.contain('line 30').and.not.contain('line 10\n');
        expect(message.length).to.be.below(2_000);
        expect(await outputOf(executor, spec, 'db'))
          .to.contain('line 1\n')
          .and.contain('stopped\n');
        expect(await outputOf(executor, spec, 'main')).to.equal('');
        await expectOver(executor, spec);
      }),
  })),
  {
    name: 'ends as ServiceNotReady at once if one exits before it is ready, with its exit code',
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const service = serviceOf(image, 'db', 'echo "no space" >&2; exit 5', { ready: { tcp: 1, timeoutMs } });
        const spec = withServices(image, [service], { run: 'echo never' });
        const { reason, message } = await runToEnd(executor, spec);
        expect(reason).to.equal('ServiceNotReady');
        expect(message).to.contain('The service "db"').and.contain('exit code 5').and.contain('no space');
      }),
  },
  {
    name: 'ends them with a stop, whether the job waits for them or runs',
    needs: needsServices,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const unready = serviceOf(image, 'db', `${endsQuickly}echo ready; ${waits}`, { ready: { tcp: 1, timeoutMs } });
        for (const service of [unready, { ...unready, ready: { run: 'true', timeoutMs } }]) {
          const run = `trap 'exit 0' TERM; sleep 300 & wait $!`;
          const spec = withServices(image, [service], { run }, { run: 'echo never' });
          await executor.ensure(spec, allow);
          const outcome = executor.observe(spec, () => undefined, never());
          await untilReady(executor, spec);
          await executor.stop(spec, 20_000, allow);
          await expectOver(executor, spec);
          expect((await outcome).reason).to.be.oneOf(['Lost', 'Completed']);
          expect(await outputOf(executor, spec, 'db')).to.contain('stopped');
        }
      }),
  },
  {
    name: 'finds them as another worker, starts none again, and reads all of their output from any position',
    needs: needsServices,
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const script = `${endsQuickly}echo ready; for i in $(seq 200); do echo "line $i"; done; ${waits}`;
        const services = ['a', 'b'].map((name) =>
          serviceOf(image, name, script, { ready: { run: 'true', timeoutMs } }),
        );
        const spec = withServices(image, services, { run: 'echo ready; sleep 2; echo done' });
        let starts = 0;
        const record = (count: number) => Promise.resolve(void (starts = Math.max(starts, count)));
        await one.ensure(spec, allow, record);
        await untilReady(one, spec);
        const first = await firstBatch(one, spec);
        await one.close();
        const known = { ...spec, starts };
        await two.ensure(known, allow, record);
        expect(await two.observe(known, () => undefined, never())).to.include({ reason: 'Completed' });
        const rest = await allOutput(two, known, first.position);
        const all = [...first.chunks, ...rest];
        const lines = `ready\n${Array.from({ length: 200 }, (_, at) => `line ${at + 1}\n`).join('')}stopped\n`;
        for (const name of ['a', 'b']) expect(textOf(all, 'stdout', name)).to.equal(lines);
        expect(textOf(all, 'stdout', 'main')).to.equal('ready\ndone\n');
        expect(starts).to.equal(3);
      }),
  },
  {
    name: 'calls an attempt Lost if a service was removed that may have been started, and does not start it again',
    needs: (capabilities) => needsServices(capabilities) && capabilities.canVanish,
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const service = serviceOf(image, 'db', `${endsQuickly}echo ready; ${waits}`, { ready: { tcp: 1, timeoutMs } });
        const spec = withServices(image, [service], { run: 'echo never' });
        let starts = 0;
        await one.ensure(spec, allow, (count) => Promise.resolve(void (starts = count)));
        await untilReady(one, spec);
        await one.close();
        expect(starts).to.equal(one.capabilities.startsAtCreation ? 2 : 1);
        await vanish(place, spec);
        expect(await runToEnd(two, { ...spec, starts })).to.include({ reason: 'Lost' });
      }),
  },
];

async function vanish(place: Place, spec: AttemptSpec): Promise<void> {
  if (!place.vanish) throw new Error('The place cannot remove an attempt.');
  await place.vanish(spec);
}

async function firstBatch(executor: Executor, spec: AttemptSpec) {
  for await (const batch of executor.logs(spec, '', never())) return batch;
  return expect.fail('it wrote nothing');
}

async function expectOver(executor: Executor, { run }: AttemptSpec): Promise<void> {
  const found = (await executor.list()).find((each) => each.run === run);
  expect(found?.alive).to.equal(false);
}
