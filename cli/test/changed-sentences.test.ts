import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { createRun } from './create-run.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };
const none = '01990000-0000-7000-8000-00000000dead';
/** The fields of answers that are for people. */
const forPeople = new Set(['message', 'sentence', 'text', 'doc']);

type Reword = (sentence: string) => string;

/** A server whose answers go through `reword`, sentence by sentence. Keeps every sentence that it sent. */
interface RewordedServer {
  url: string;
  sent: string[];
  close(): Promise<void>;
}

async function openReworded(origin: string, reword: Reword): Promise<RewordedServer> {
  const sent: string[] = [];
  const change = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string' && forPeople.has(key)) {
      sent.push(reword(value));
      return sent.at(-1);
    }
    if (Array.isArray(value)) return value.map((each) => change(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each, name)]));
  };
  const server = http.createServer((request, response) => {
    void (async () => {
      const body: Buffer[] = [];
      for await (const chunk of request) body.push(chunk as Buffer);
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
      const answer = await fetch(new URL(request.url ?? '/', origin), {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(body.length > 0 && { body: Buffer.concat(body) }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
      response.writeHead(answer.status, {
        'Content-Type': answer.headers.get('content-type') ?? '',
        'X-Chainr-Cursor': answer.headers.get('x-chainr-cursor') ?? '',
      });
      response.end(isJson ? JSON.stringify(change(JSON.parse(text))) : text);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    sent,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Wordings that the command might take for its own, and one that says nothing. */
const rewordings: Record<string, Reword> = {
  'says nothing': () => 'Lorem ipsum',
  'is that of other errors': () => 'There is no run; rerun it, or run all, did you mean "second"? and 7 more',
  'is empty': () => '',
};

describe('the command, whatever the wording of the server', () => {
  let chainrServer: OpenChainr;
  /** Command lines whose exit code, hints and next steps come from answers of the server. */
  let lines: readonly { line: readonly string[]; stdin?: string }[];

  before(async () => {
    const server = await openChainr();
    chainrServer = server;
    const create = (jobs: Record<string, unknown>) => createRun(server, { kind: 'Pipeline', jobs });
    const second = { ...job, dependsOn: ['first'] };
    const whenFailed = { ...job, dependsOn: [{ job: 'first', conditions: { failure: true } }] };

    const live = await create({ first: job, second });
    const failed = await create({ first: job });
    await server.work(failed, 0, [], 'ExitCode', 3);
    const succeeded = await create({ first: job, second });
    await server.work(succeeded, 0, []);
    await server.work(succeeded, 1, []);
    const canceled = await create({ first: job, second });
    expect(await chainr(['cancel', canceled, '--server', server.url]).exitCode).to.equal(0);
    const begun = await create({ first: job, handler: whenFailed });
    await server.work(begun, 0, [], 'ExitCode', 3);
    await server.start(begun, 1);

    const mistakes = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`job-${String(at)}`, 7]));
    lines = [
      { line: ['get', none] },
      { line: ['get', live, 'secnd'] },
      { line: ['logs', live, 'zz'] },
      { line: ['logs', live, 'first', '--attempt', '7'] },
      { line: ['logs', failed, 'first', '--step', 'other'] },
      { line: ['why', live, 'secnd'] },
      { line: ['why', live] },
      { line: ['retry', live, 'first'] },
      { line: ['retry', failed, 'first'] },
      { line: ['retry', begun, 'first'] },
      { line: ['retry', live, 'zz'] },
      { line: ['rerun', none] },
      { line: ['rerun', succeeded] },
      { line: ['rerun', succeeded, 'secnd', 'zz'] },
      { line: ['rerun', canceled, 'second'] },
      { line: ['rerun', live, 'second'] },
      { line: ['delete', live] },
      { line: ['delete', none] },
      { line: ['delete', '--status', 'PENDING', '--yes'] },
      { line: ['cancel', none] },
      { line: ['drain', 'nobody'] },
      { line: ['get', 'runs', '--label', 'A=b', '--name', '?!'] },
      { line: ['run', '-'], stdin: JSON.stringify({ kind: 'Pipeline', jobs: mistakes }) },
      { line: ['run', '-'], stdin: '{' },
    ];
  });

  after(() => chainrServer.close());

  /** What a person sees of each line, without the server's own sentences. */
  async function playAll(reword: Reword): Promise<string[]> {
    const server = await openReworded(chainrServer.url, reword);
    try {
      const shown: string[] = [];
      for (const { line, stdin = '' } of lines) {
        const session = chainr([...line, '--server', server.url], { stdin });
        const exitCode = await session.exitCode;
        const sentences = [...new Set(server.sent.splice(0))].sort((a, b) => b.length - a.length);
        const printed = sentences.reduce(
          (text, sentence) => (sentence === '' ? text : text.replaceAll(sentence, '')),
          `${session.stdout}${session.stderr}`,
        );
        const own = printed.replaceAll(server.url, 'SERVER').replace(/ +/g, ' ').replace(/ $/gm, '');
        shown.push(`${line.join(' ')} → ${String(exitCode)}\n${own}`);
      }
      return shown;
    } finally {
      await server.close();
    }
  }

  for (const [wording, reword] of Object.entries(rewordings)) {
    it(`decides and hints the same if every sentence ${wording}`, async () => {
      expect(await playAll(reword)).to.deep.equal(await playAll((sentence) => sentence));
    });
  }

  it('names the next step for each refusal that has one', async () => {
    const shown = (await playAll(() => 'Lorem ipsum')).join('\n');
    expect(shown.match(/`chainr get runs` lists the runs\./g)).to.have.length(4);
    expect(shown.match(/\n chainr rerun \S+ first --server SERVER\n/g)).to.have.length(2);
    expect(shown.match(/\n chainr rerun \S+ --all --server SERVER\n/g)).to.have.length(2);
    expect(shown).to.contain('standard input has 150 mistakes:').and.contain('did you mean "second"?');
  });
});
