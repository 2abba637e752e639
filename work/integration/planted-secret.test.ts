import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { createLogger } from '@chainr/core/service/logger';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { readAllKeys } from '@chainr/testkit/read-all-keys';
import { untilFinal } from '@chainr/testkit/waits';
import { executorSubjects, type OpenedExecutor } from './executor-subjects.js';

const token = 'Planted+Token/Größe=4711 "x"';
const key =
  '-----BEGIN PLANTED KEY-----\nMIIEvPlantedQIBADANBgkqhkiG\n9w0BAQPlantedEFAASCBKcwggSj\n-----END PLANTED KEY-----';

/** Texts that would reveal a secret, or half of one. */
const traces: readonly string[] = [token, key].flatMap((secret) => {
  const lines = secret.split('\n');
  const base64 = Buffer.from(secret).toString('base64');
  const halves = [...lines, base64].flatMap((text) => [text.slice(0, Math.ceil(text.length / 2)), text.slice(-12)]);
  return [
    ...lines,
    ...halves,
    encodeURIComponent(secret),
    Buffer.from(`user:${lines[0] ?? ''}`)
      .toString('base64')
      .slice(8, -8),
  ];
});

/** The traces in a text. Redis and files hold bytes, so traces are also looked for as latin1. */
const tracesIn = (text: string): string[] =>
  traces.filter((trace) => text.includes(trace) || text.includes(Buffer.from(trace).toString('latin1')));

/** All jobs get both secrets. PS1 makes the process executor start steps by env(1). */
const env = { TOKEN: { secret: 'token' }, KEY: { secret: 'private-key' }, PS1: 'plain', URL: 'plain' };
const padding = 256 * 1024 - 10;
const jobs = {
  prints: {
    run: 'echo "$TOKEN"; echo "to stderr: $TOKEN" >&2; printf "%s\\n" "$KEY"; env; set -x; : "$TOKEN"; : "$KEY"',
  },
  pieces: {
    run: 'half=${TOKEN%%4711*}; printf "%s" "$half"; sleep 0.3; printf "%s\\n" "${TOKEN#"$half"}"; printf "%s" "$TOKEN"',
  },
  encodes: {
    run: 'printf %s "$TOKEN" | base64; echo "$TOKEN" | base64; printf "%s" "user:$TOKEN" | base64; printf "%s\\n" "$KEY" | base64',
  },
  long: { run: `head -c ${String(padding)} /dev/zero | tr '\\0' x; echo "$TOKEN"` },
  output: {
    run: 'echo "good=1" > "$CHAINR_OUTPUT"; echo "url=https://$TOKEN@host" >> "$CHAINR_OUTPUT"',
    allowFailure: true,
  },
  malformed: { run: 'echo "$TOKEN" > "$CHAINR_OUTPUT"', allowFailure: true },
  fails: {
    shell: ['/bin/sh', '-c'],
    run: '"/no/such/$TOKEN"; cd "/no/such/$TOKEN"; exit 7',
    allowFailure: true,
  },
  missing: { run: ':', env: { NONE: { secret: 'nowhere' } }, allowFailure: true },
};

for (const { kind, why, open } of executorSubjects) {
  describe(`a planted secret: ${kind}`, function () {
    this.timeout(120_000);
    let opened: OpenedExecutor;
    let chainr: Constellation;
    let secrets: string;
    let serviceLogs = '';

    before(async function () {
      if (why !== undefined) {
        console.log(`      left out: ${why}`);
        this.skip();
      }
      secrets = await mkdtemp(path.join(tmpdir(), 'chainr-secrets-'));
      await writeFile(path.join(secrets, 'token'), `${token}\n`, { mode: 0o600 });
      opened = await open();
      const destination = { write: (line: string) => void (serviceLogs += line) };
      chainr = await startConstellation({
        executor: opened.executor,
        logger: createLogger('test', 'trace', destination),
        work: {
          secretsDir: secrets,
          secretsEnv: 'PLANTED_',
          secretVariables: new Map([['PLANTED_PRIVATE_KEY', key]]),
        },
      });
    });

    after(async () => {
      if (why !== undefined) return;
      await chainr.stop();
      await opened.close();
      await rm(secrets, { recursive: true, force: true });
    });

    it('reaches the job and appears nowhere else, whatever the job does', async () => {
      const written = Object.entries(jobs).map(([name, job]) => [name, { image: 'busybox', ...job }] as const);
      const check = {
        image: 'busybox',
        run: `[ "$(printf %s "$TOKEN" | wc -c)" = ${String(Buffer.byteLength(token))} ] && [ "$(printf %s "$KEY" | wc -c)" = ${String(key.length)} ]`,
      };
      const pipeline = { kind: 'Pipeline', env, jobs: { ...Object.fromEntries(written), check } };
      const text = JSON.stringify(pipeline);
      const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
      const { uid } = metadata;
      const over = new AbortController();
      const watching = watchProcesses(over.signal);
      await untilFinal(chainr.store.events, uid);
      const names = [...Object.keys(jobs), 'check'];
      for (const name of names) await untilLogEnded(uid, name);
      over.abort();
      const { commands, looks } = await watching;
      expect(looks, 'looks at the process list').to.be.above(10);

      const answers = await Promise.all(
        [
          `/api/runs`,
          `/api/runs/${uid}`,
          `/api/runs/${uid}/pipeline`,
          `/api/runs/${uid}/jobs`,
          '/api/events',
          '/metrics',
          ...names.flatMap((name) => [`/api/runs/${uid}/jobs/${name}`, `/api/runs/${uid}/jobs/${name}/logs`]),
        ].map(async (place) => [place, await (await fetch(chainr.url + place)).text()] as const),
      );
      const client = await openRedisClient(chainr.redis.url);
      const kept = await readAllKeys(client);
      client.disconnect();
      const files = await filesIn(chainr.redis.folder);
      const searched = new Map([
        ...answers,
        ...kept,
        ...files,
        ['service logs', serviceLogs] as const,
        ...commands.map((command) => [`process ${command.slice(0, 200)}`, command] as const),
      ]);
      const found = [...searched].flatMap(([place, text]) => tracesIn(text).map((trace) => `${place}: ${trace}`));
      expect(found).to.deep.equal([]);

      // The absence of a trace proves something only if the mask is there instead.
      const answerOf = (place: string): string => answers.find(([name]) => name === place)?.[1] ?? '';
      const logOf = (name: string): string => answerOf(`/api/runs/${uid}/jobs/${name}/logs`);
      expect(logOf('prints')).to.contain('to stderr: ***').and.to.contain('TOKEN=***').and.to.contain('URL=plain');
      expect(logOf('pieces')).to.equal('***\n***');
      expect(logOf('encodes')).to.match(/^\*\*\*/);
      expect(logOf('long').replaceAll('x', '')).to.match(/^(\*\*\*)+\n$/);
      expect(logOf('fails')).to.contain('/no/such/***');
      const ends = await Promise.all(names.map((name) => chainr.client.getJob(uid, name)));
      expect(ends.map(({ metadata: { name }, reason }) => `${name} ${reason}`)).to.deep.equal([
        'prints Completed',
        'pieces Completed',
        'encodes Completed',
        'long Completed',
        'output ConfigError',
        'malformed ConfigError',
        'fails ExitCode',
        'missing ConfigError',
        'check Completed',
      ]);
      expect(ends[4]?.outputs).to.deep.equal({ good: '1' });
      expect(ends[4]?.message).to.equal(
        'The output "url" has the value of a secret in it, and outputs are shown to all.',
      );
      expect(JSON.parse(answerOf(`/api/runs/${uid}/pipeline`))).to.deep.equal(pipeline);
      expect([...kept.keys()].length).to.be.above(10);
      expect(files.length).to.be.above(0);
    });

    async function untilLogEnded(uid: string, job: string): Promise<void> {
      for await (const _ of chainr.client.readLogLines(uid, job, { follow: true }));
    }
  });
}

/** All command lines seen on this machine until the signal, except that of this process. */
async function watchProcesses(signal: AbortSignal): Promise<{ commands: string[]; looks: number }> {
  const commands = new Set<string>();
  let looks = 0;
  for (; !signal.aborted; looks += 1) {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name) && Number(name) !== process.pid) commands.add(commandOf(name));
    }
    await turn();
  }
  return { commands: [...commands], looks };
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // It has ended between two looks.
  }
}

async function filesIn(folder: string): Promise<(readonly [string, string])[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1')] as const));
}
