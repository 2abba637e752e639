import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { bulkResultSchema } from '@chainr/core/api/contract/bulk-resource';
import { ApiError, errorBody } from '@chainr/core/api/contract/errors';
import { runListSchema } from '@chainr/core/api/contract/run-resource';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const only = { image: 'busybox', run: 'exit 0' };

describe('chainr with many runs', () => {
  let server: OpenChainr;

  beforeEach(async () => {
    server = await openChainr();
  });

  afterEach(() => server.close());

  const at = (args: readonly string[], answers?: readonly string[]) =>
    chainr([...args, '--server', server.url], answers ? { answers } : {});
  const printed = async (args: readonly string[], answers?: readonly string[]) => {
    const session = at(args, answers);
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout;
  };
  const refused = async (args: readonly string[], answers?: readonly string[]) => {
    const session = at(args, answers);
    expect(await session.exitCode, session.stdout).to.equal(2);
    return session.stderr;
  };
  const create = async (name: string, labels: Record<string, string> = {}) => {
    const stdin = JSON.stringify({ kind: 'Pipeline', metadata: { name, labels }, jobs: { only } });
    const session = chainr(['run', '-', '--server', server.url], { stdin });
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout.trim();
  };
  const uidsIn = (text: string) => [...text.matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g)].map(([uid]) => uid);

  describe('get runs', () => {
    it('lists those that match a filter', async () => {
      const night = await create('nightly-load', { team: 'a' });
      const ended = await create('nightly-sum', { team: 'b' });
      const other = await create('daily');
      await server.work(ended, 0, [], 'ExitCode', 3);
      expect(uidsIn(await printed(['get', 'runs']))).to.deep.equal([other, ended, night]);
      expect(uidsIn(await printed(['get', 'runs', '--name', 'nightly*']))).to.deep.equal([ended, night]);
      expect(uidsIn(await printed(['get', 'runs', '--status', 'failed']))).to.deep.equal([ended]);
      expect(uidsIn(await printed(['get', 'runs', '--status', 'FAILED', '--status', 'PENDING']))).to.have.length(3);
      expect(uidsIn(await printed(['get', 'runs', '--label', 'team=a', '--since', '24h']))).to.deep.equal([night]);
      expect(uidsIn(await printed(['get', 'runs', '--until', '24h']))).to.deep.equal([]);
    });

    it('goes through the pages up to the limit, and says when there are more', async () => {
      for (let at = 0; at < 3; at += 1) await create('some');
      const two = at(['get', 'runs', '--limit', '2']);
      expect(await two.exitCode).to.equal(0);
      expect(uidsIn(two.stdout)).to.have.length(2);
      expect(two.stderr).to.contain('There are more runs; use a larger --limit');
      const all = runListSchema.parse(JSON.parse(await printed(['get', 'runs', '--limit', '500', '-o', 'json'])));
      expect(all.items).to.have.length(3);
    });

    it('reports an invalid filter', async () => {
      expect(await refused(['get', 'runs', '--status', 'faild'])).to.contain('Did you mean "FAILED"?');
      for (const bad of ['yesterday', '2026-02-31', '2026-02-29T10:00Z', '2026-11-21 and more']) {
        expect(await refused(['get', 'runs', '--since', bad]), bad).to.contain('an age such as 24h');
      }
      expect(await refused(['get', 'runs', '--limit', '0'])).to.contain('a whole number from 1');
    });
  });

  describe('delete', () => {
    it('deletes a run that has ended, and says why it does not delete another', async () => {
      const ended = await create('ended');
      const going = await create('going');
      await server.work(ended, 0, []);
      expect(await printed(['delete', ended])).to.equal(`Deleted run ${ended}.\n`);
      expect(await refused(['get', ended])).to.contain(`There is no run "${ended}"`);
      expect(await refused(['delete', going])).to.contain('cancel it first');
    });

    it('asks before it deletes many, and does nothing unless the answer is yes', async () => {
      const ended = await create('nightly');
      await server.work(ended, 0, []);
      const nightly = ['delete', '--name', 'nightly*'];
      expect(await refused(nightly)).to.contain('Delete 1 run? There is no terminal to ask on: add --yes');
      expect(await refused(nightly, ['no'])).to.equal('chainr: nothing was changed.\n');
      expect(await printed([...nightly, '--dry-run'])).to.equal('Would delete 1 run.\n');
      expect(await printed(nightly, ['y'])).to.equal('Deleted 1 run.\n');
      expect(await printed(nightly)).to.equal('Nothing to delete: no runs match.\n');
    });

    it('does not ask with --yes, and lists the runs that it did not change', async () => {
      const ended = await create('nightly');
      const going = await create('nightly');
      await server.work(ended, 0, []);
      const text = await printed(['delete', '--name', 'nightly', '--yes']);
      expect(text).to.match(new RegExp(`^Deleted 1 run; 1 run was not changed:\n {2}${going} {2}The run is PENDING`));
      const result = await printed(['delete', '--name', 'nightly', '--yes', '-o', 'json']);
      expect(bulkResultSchema.parse(JSON.parse(result))).to.include({ matched: 1, done: 0 });
    });

    it('requires a run or a filter', async () => {
      expect(await refused(['delete'])).to.contain('name a run or use a filter');
      expect(await refused(['delete', 'latest', '--name', 'x'])).to.contain('not both');
    });
  });

  it('cancels and reruns by filter too', async () => {
    await create('nightly');
    await create('nightly');
    for (const verb of ['cancel', 'rerun', 'delete'])
      expect(await printed([verb, '--name', 'x', '--yes'])).to.equal(`Nothing to ${verb}: no runs match.\n`);
    expect(await printed(['cancel', '--name', 'nightly', '--dry-run'])).to.equal('Would cancel 2 runs.\n');
    expect(await printed(['cancel', '--name', 'nightly', '--yes'])).to.equal('Canceled 2 runs.\n');
    expect(await printed(['rerun', '--status', 'CANCELED'], ['yes'])).to.match(
      /^Made new runs of 2 runs\.\n(?: {2}[0-9a-f-]{36} of [0-9a-f-]{36}\n){2}$/,
    );
    expect(uidsIn(await printed(['get', 'runs', '--status', 'PENDING']))).to.have.length(2);
    expect(await refused(['rerun', '--status', 'CANCELED', '--watch'])).to.contain('only one run');
  });

  describe('when a later request fails', () => {
    const skipped = [{ uid: '01990000-0000-7000-8000-00000000dead', message: 'It has not ended.' }];
    const first = { kind: 'BulkResult', dryRun: false, matched: 500, done: 499, skipped, next: '8' };
    let failing: http.Server;
    let address: string;

    before(async () => {
      failing = http.createServer(({ url = '' }, response) => {
        const isLater = url.includes('cursor=');
        const fault = errorBody(new ApiError('Internal', 'Internal error; see the logs of chainr.'), 'the-id');
        response.writeHead(isLater ? 500 : 200, { 'Content-Type': 'application/json' });
        if (url.includes('dryRun=true')) response.end(JSON.stringify({ ...first, dryRun: true, next: undefined }));
        else response.end(JSON.stringify(isLater ? fault : first));
      });
      failing.listen(0, '127.0.0.1');
      await once(failing, 'listening');
      address = `http://127.0.0.1:${String((failing.address() as AddressInfo).port)}`;
    });

    after(() => {
      failing.closeAllConnections();
      failing.close();
    });

    const words = ['delete', '--name', 'x', '--yes', '--server'];

    it('prints the result so far, and then the error', async () => {
      const session = chainr([...words, address]);
      expect(await session.exitCode).to.equal(2);
      expect(session.stdout).to.match(
        /^Deleted 499 runs and stopped; 1 run was not changed:\n +01990000-.* It has not/,
      );
      expect(session.stderr).to.equal('chainr: Internal error; see the logs of chainr. (request the-id)\n');
    });

    it('prints it as JSON, with the cursor to continue from', async () => {
      const session = chainr([...words, address, '-o', 'json']);
      expect(await session.exitCode).to.equal(2);
      const { done, stopped, next } = bulkResultSchema.parse(JSON.parse(session.stdout));
      expect({ done, stopped, next }).to.eql({
        done: 499,
        stopped: 'Internal error; see the logs of chainr.',
        next: '8',
      });
    });
  });
});
