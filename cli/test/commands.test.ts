import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { jobResourceSchema } from '@chainr/core/api/contract/job-resource';
import { runListSchema, runSchema } from '@chainr/core/api/contract/run-resource';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };
const readme = {
  kind: 'Pipeline',
  metadata: { name: 'readme' },
  jobs: {
    first: job,
    success: { ...job, dependsOn: ['first'] },
    error: { ...job, dependsOn: [{ job: 'first', conditions: { failure: true } }] },
  },
};
const uidPattern = /[0-9a-f]{8}-[0-9a-f-]{27}/;

describe('chainr', () => {
  let server: OpenChainr;
  let folder: string;

  before(async () => {
    server = await openChainr();
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-cli-'));
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const at = (...args: string[]) => chainr([...args, '--server', server.url]);
  const file = async (name: string, content: unknown) => {
    const place = path.join(folder, name);
    await writeFile(place, typeof content === 'string' ? content : JSON.stringify(content));
    return place;
  };
  const create = async (pipeline: unknown) => {
    const session = chainr(['run', '-'], { stdin: JSON.stringify(pipeline), env: { CHAINR_SERVER: server.url } });
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout.trim();
  };

  describe('run', () => {
    it('prints only the uid on standard output, and the next command', async () => {
      const session = at('run', await file('readme.json', readme));
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.match(new RegExp(`^${uidPattern.source}\n$`));
      expect(session.stderr).to.contain('--watch');
    });

    it('gives a run an external id, finds it again by that, and refuses another pipeline under it', async () => {
      const nightly = await file('nightly.json', readme);
      const sessions = [1, 2].map(() => at('run', nightly, '--external-id', 'nightly/7'));
      for (const session of sessions) expect(await session.exitCode, session.stderr).to.equal(0);
      const [first, second] = sessions.map(({ stdout }) => stdout.trim());
      expect(second).to.equal(first);
      const listed = at('get', 'runs', '--external-id', 'nightly/7', '-o', 'json');
      expect(await listed.exitCode).to.equal(0);
      const { items } = runListSchema.parse(JSON.parse(listed.stdout));
      expect(items.map(({ metadata }) => [metadata.uid, metadata.externalId])).to.deep.equal([[first, 'nightly/7']]);
      const described = at('describe', first ?? '');
      expect(await described.exitCode).to.equal(0);
      expect(described.stdout).to.match(/^External id +nightly\/7$/m);
      const other = at('run', await file('other.json', { kind: 'Pipeline', jobs: { other: job } }), '--external-id', 'nightly/7'); // prettier-ignore
      expect(await other.exitCode).not.to.equal(0);
      expect(other.stderr).to.contain(`belongs to the run ${first ?? ''}, which has another pipeline`);
      const wrong = at('run', nightly, '--external-id', 'a b');
      expect(await wrong.exitCode).to.equal(2);
      expect(wrong.stderr).to.contain('visible ASCII characters without spaces');
    });

    it('exits with 1 and lists every mistake, or prints them as JSON, as validate does', async () => {
      const bad = await file('wrong.yaml', 'kind: Pipeline\njobs:\n  a: {image: x, run: y, timeout: 10, retries: 3}\n');
      const session = at('run', bad);
      expect(await session.exitCode).to.equal(1);
      expect(session.stderr).to.equal(
        `${bad} has 2 mistakes:\n` +
          '  jobs.a.timeout: must be a duration with its unit, such as "10s", but is the number 10\n' +
          '  jobs.a.retries: must be a map, such as { limit: 3 }\n',
      );
      const [asJson, validated] = [at('run', bad, '-o', 'json'), chainr(['validate', bad, '-o', 'json'])];
      expect([await asJson.exitCode, await validated.exitCode]).to.deep.equal([1, 1]);
      expect(JSON.parse(asJson.stdout)).to.deep.equal(JSON.parse(validated.stdout));
      const empty = chainr(['run', '-', '--server', server.url], { stdin: '' });
      expect(await empty.exitCode).to.equal(1);
      expect(empty.stderr).to.match(/^standard input has a mistake:\n {2}a pipeline is a map/);
    });

    it('counts the mistakes beyond those listed, and refuses a file that is too large', async () => {
      const jobs = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`job-${String(at)}`, 7]));
      const many = chainr(['validate', '-'], { stdin: JSON.stringify({ kind: 'Pipeline', jobs }) });
      expect(await many.exitCode).to.equal(1);
      expect(many.stderr)
        .to.match(/^standard input has 1000 mistakes:\n/)
        .and.match(/\n {2}and 900 more\n$/);
      for (const command of ['run', 'validate']) {
        const large = chainr([command, '-', '--server', server.url], { stdin: '#'.repeat(8 * 1024 * 1024 + 1) });
        expect(await large.exitCode).to.equal(2);
        expect(large.stderr).to.contain('standard input is larger than 8 MiB');
      }
    });

    it('reads YAML from a file and from standard input', async () => {
      const yaml = 'kind: Pipeline\njobs:\n  only: {image: busybox, run: exit 0}\n';
      expect(await at('run', await file('one.yaml', yaml)).exitCode).to.equal(0);
      const piped = chainr(['run', '-', '-o', 'json', '--server', server.url], { stdin: yaml });
      expect(await piped.exitCode).to.equal(0);
      expect(runSchema.parse(JSON.parse(piped.stdout)).jobs).to.have.length(1);
    });

    it('shows a run with --watch until it is SUCCESSFUL', async () => {
      const session = at('run', await file('readme.json', readme), '--watch');
      const [uid] = await session.until(uidPattern);
      await server.work(uid, 0, []);
      await session.until(/first +SUCCESSFUL/);
      await server.work(uid, 1, []);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.match(/\d\d:\d\d:\d\d\.\d{3} {2}first {4}RUNNING/);
      expect(session.stdout).to.match(/error +SKIPPED +ConditionNotMet/);
      expect(session.stdout).to.match(new RegExp(`Run ${uid} SUCCESSFUL after .*: 2 SUCCESSFUL, 1 SKIPPED\n$`));
    });

    it('exits with 1 if the run fails, and prints the logs command', async () => {
      const session = at('run', await file('readme.json', readme), '--watch');
      const [uid] = await session.until(uidPattern);
      await server.work(uid, 0, [], 'ExitCode', 3);
      await server.work(uid, 2, []);
      expect(await session.exitCode).to.equal(1);
      expect(session.stdout).to.match(/first +FAILED +ExitCode: Ended with exit code 3\./);
      expect(session.stdout).to.contain(`chainr logs ${uid} first`);
    });

    it('marks failed jobs of a SUCCESSFUL run as allowed', async () => {
      const jobs = { loose: { ...job, allowFailure: true }, strict: job };
      const session = at('run', await file('loose.json', { kind: 'Pipeline', jobs }), '--watch');
      const [uid] = await session.until(uidPattern);
      await server.work(uid, 0, [], 'ExitCode', 3);
      await server.work(uid, 1, []);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.contain(': 1 SUCCESSFUL, 1 FAILED (allowed)\n');
      for (const command of ['get', 'describe']) {
        const shown = at(command, uid);
        expect(await shown.exitCode).to.equal(0);
        expect(shown.stdout, command).to.match(/^Jobs +1 SUCCESSFUL, 1 FAILED \(allowed\)$/m);
      }
    });

    it('prints only JSON when it watches with -o json', async () => {
      const session = at('run', await file('readme.json', readme), '--watch', '-o', 'json');
      const [uid] = await session.until(uidPattern);
      await server.work(uid, 0, []);
      await server.work(uid, 1, []);
      expect(await session.exitCode).to.equal(0);
      const lines = session.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; status: string });
      expect(lines[0]?.kind).to.equal('Run');
      expect(lines.at(-1)).to.include({ kind: 'Run', status: 'SUCCESSFUL' });
      expect(lines.map(({ kind }) => kind)).to.include('job.status');
    });

    it('detaches at Ctrl-C, prints the next command, and can be watched again', async () => {
      const session = at('run', await file('readme.json', readme), '--watch');
      const [uid] = await session.until(uidPattern);
      session.interrupt();
      expect(await session.exitCode).to.equal(2);
      expect(session.stderr).to.contain(`chainr get ${uid} --watch`);
      const again = at('get', uid, '--watch');
      await again.until(uidPattern);
      await server.work(uid, 0, []);
      await server.work(uid, 1, []);
      expect(await again.exitCode).to.equal(0);
    });

    it('exits with 1 and lists every mistake of a pipeline', async () => {
      const session = at(
        'run',
        await file('bad.json', { kind: 'Pipeline', jobs: { a: { ...job, dependsOn: ['b'] }, c: { image: 'x' } } }),
      );
      expect(await session.exitCode).to.equal(1);
      expect(session.stdout).to.equal('');
      expect(session.stderr).to.contain('jobs.a.dependsOn[0]').and.to.contain('jobs.c');
    });

    it('exits with 2 if the file does not exist', async () => {
      const session = at('run', path.join(folder, 'none.json'));
      expect(await session.exitCode).to.equal(2);
      expect(session.stderr).to.match(/cannot read .*none\.json: the file does not exist\.\n$/);
    });
  });

  describe('get', () => {
    it('lists the newest runs', async () => {
      const uid = await create(readme);
      const session = at('get', '--limit', '1');
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout.trimEnd().split('\n')).to.have.length(2);
      expect(session.stdout).to.match(new RegExp(`${uid} +readme +PENDING +0/3`));
      const asJson = at('get', '-o', 'json');
      await asJson.exitCode;
      expect(runListSchema.parse(JSON.parse(asJson.stdout)).items[0]?.metadata.uid).to.equal(uid);
    });

    it('shows a run with all its jobs, and a job with its attempts', async () => {
      const uid = await create(readme);
      await server.work(uid, 0, [], 'ExitCode', 7);
      const run = at('get', uid);
      expect(await run.exitCode).to.equal(0);
      expect(run.stdout).to.match(/first +FAILED +ExitCode +Ended with/);
      const shown = at('get', uid, 'first');
      expect(await shown.exitCode).to.equal(0);
      expect(shown.stdout).to.match(/1 +FAILED +7/);
      const asJson = at('get', uid, 'first', '-o', 'json');
      await asJson.exitCode;
      expect(jobResourceSchema.parse(JSON.parse(asJson.stdout)).attempts[0]?.exitCode).to.equal(7);
    });

    it('shows all jobs of a large run', async () => {
      const jobs = Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`job-${String(index)}`, job]));
      const session = at('get', await create({ kind: 'Pipeline', jobs }));
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.contain('job-1099');
    });

    it('exits with 2 if something does not exist', async () => {
      const session = at('get', '01990000-0000-7000-8000-00000000dead');
      expect(await session.exitCode).to.equal(2);
      expect(session.stderr).to.equal(
        'chainr: There is no run "01990000-0000-7000-8000-00000000dead". `chainr get runs` lists the runs.\n',
      );
    });
  });

  describe('validate', () => {
    it('needs no server', async () => {
      const session = chainr(['validate', await file('readme.json', readme)]);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.match(/is valid: 3 jobs\.\n$/);
    });

    it('exits with 1 and lists every mistake, or prints them as JSON', async () => {
      const bad = await file('bad.yaml', 'kind: Pipeline\njobs:\n  a: {image: x, run: y, dependsOn: [a, b]}\n');
      const session = chainr(['validate', bad]);
      expect(await session.exitCode).to.equal(1);
      expect(session.stderr).to.contain('2 mistakes').and.to.contain('jobs.a.dependsOn[1]');
      const asJson = chainr(['validate', bad, '-o', 'json']);
      expect(await asJson.exitCode).to.equal(1);
      expect(JSON.parse(asJson.stdout)).to.include({ kind: 'PipelineCheck', valid: false });
    });

    it('exits with 0 and prints warnings on standard error, or as JSON', async () => {
      const doubtful = await file(
        'doubtful.yaml',
        'kind: Pipeline\njobs:\n  a: {image: x, run: y, allowFailure: true}\n  b: {image: x, run: y, dependsOn: [a]}\n',
      );
      const session = chainr(['validate', doubtful]);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.match(/is valid: 2 jobs\.\n$/);
      expect(session.stderr).to.match(
        /doubtful\.yaml has a warning:\n {2}jobs\.b\.dependsOn\[0\]: "a" has allowFailure/,
      );
      const asJson = chainr(['validate', doubtful, '-o', 'json']);
      expect(await asJson.exitCode).to.equal(0);
      const { valid, warnings } = JSON.parse(asJson.stdout) as { valid: boolean; warnings: { path: string }[] };
      expect([valid, warnings.map(({ path }) => path)]).to.deep.equal([true, ['jobs.b.dependsOn[0]']]);
      expect(asJson.stderr).to.equal('');
    });

    it('names the place at which a file is neither JSON nor YAML', async () => {
      const session = chainr(['validate', await file('broken.json', '{"kind":')]);
      expect(await session.exitCode).to.equal(1);
      expect(session.stderr).to.match(/line 1/);
    });
  });

  describe('in case of a mistake', () => {
    it('says how to start a server if none answers', async () => {
      for (const nowhere of ['http://127.0.0.1:9', `unix:${path.join(folder, 'none.sock')}`]) {
        const session = chainr(['get', '--server', nowhere]);
        expect(await session.exitCode).to.equal(2);
        expect(session.stderr).to.match(
          /^chainr: no server answers at (\S+) \(.*\): start one .*--server or CHAINR_SERVER\.\n$/,
        );
        expect(session.stderr).to.contain(` ${nowhere} (`).and.to.not.contain('bad port');
      }
    });

    it('says at once that a server does not speak TLS', async () => {
      const session = chainr(['get', '--server', server.url.replace('http:', 'https:')]);
      expect(await session.exitCode).to.equal(2);
      expect(session.stderr).to.match(/^chainr: the server at https:\S+ does not speak TLS: [^\n]* http:\/\/\.\n$/);
    });

    it('never shows an invalid token, and reports an empty token file', async () => {
      for (const token of ['half\nof it', 'zwölf']) {
        const session = chainr(['get'], { env: { CHAINR_TOKEN: token } });
        expect(await session.exitCode).to.equal(2);
        expect(session.stderr).to.match(/^chainr: the token in CHAINR_TOKEN is invalid: [^\n]*\n$/);
        expect(session.stderr).to.not.contain('half').and.to.not.contain('zw');
      }
      const empty = chainr(['get', '--token-file', await file('empty', '\n')]);
      expect(await empty.exitCode).to.equal(2);
      expect(empty.stderr).to.match(/^chainr: the token file \S+ is empty\.\n$/);
    });

    it('says what the address of a server looks like', async () => {
      const session = chainr(['get', '--server', 'localhost:8080']);
      expect(await session.exitCode).to.equal(2);
      expect(session.stderr).to.contain('http://127.0.0.1:8080');
    });

    it('exits with 2 for a wrong command line and 0 for help', async () => {
      for (const args of [['gett'], ['run'], ['get', '--limit', '0'], ['get', '-o', 'xml'], []]) {
        const session = chainr(args);
        expect(await session.exitCode, args.join(' ')).to.equal(2);
        expect(session.stderr, args.join(' ')).to.not.equal('');
      }
      const help = chainr(['--help']);
      expect(await help.exitCode).to.equal(0);
      expect(help.stdout).to.contain('Exit codes');
    });
  });
});
