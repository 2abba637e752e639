import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { SettingsError } from '@chainr/core/service/settings';
import { CouldNot } from '../src/exit-codes.js';
import { openDataFolder } from '../src/up/data-folder.js';
import { createFileLogger } from '../src/up/file-logger.js';
import { readUpSettings } from '../src/up/read-up-settings.js';
import { listSettings, placeLines } from '../src/up/start-up.js';

describe('the settings of chainr up', () => {
  const mistakesOf = (env: NodeJS.ProcessEnv): readonly string[] => {
    try {
      readUpSettings(env);
    } catch (error) {
      if (error instanceof SettingsError) return error.mistakes;
      throw error;
    }
    return [];
  };

  it('are refused all at once, each mistake once', () => {
    const env = {
      PORT: '99999',
      CHAINR_EXECUTOR: 'proc',
      CHAINR_POOL: 'Big Machines',
      CHAINR_CAPACITY: 'x',
      CHAINR_RUN_RETENTION: 'oops',
      CHAINR_LOG_LEVEL: 'loud',
      CHAINR_REDIS_MEMORY: '1',
    };
    expect(mistakesOf(env)).to.deep.equal([
      'CHAINR_REDIS_MEMORY must be 0 or a whole number of bytes from 16777216 (16 MiB) to 1125899906842624 (1 PiB) (it is "1").',
      'PORT must be a whole number from 0 to 65535 (it is "99999").',
      'CHAINR_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent (it is "loud").',
      'CHAINR_EXECUTOR must be one of process, docker, kubernetes (it is "proc").',
      'CHAINR_POOL must be a name like that of a job: a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit (it is "Big Machines").',
      'CHAINR_CAPACITY must be a whole number from 1 to 10000 (it is "x").',
      'CHAINR_RUN_RETENTION must be a duration such as 500ms, 90s or 1h30m (it is "oops").',
    ]);
    expect(mistakesOf({})).to.deep.equal([]);
  });

  it('are refused if they would be harmful or have no effect', () => {
    expect(mistakesOf({ CHAINR_SECRETS_DIR: '/nowhere' })).to.deep.equal([
      'CHAINR_SECRETS_DIR must be a folder, but it does not exist (it is "/nowhere").',
    ]);
    expect(mistakesOf({ CHAINR_LEASE_RENEWAL: '3s' })).to.deep.equal([
      'CHAINR_LEASE_RENEWAL must be shorter than half of CHAINR_LEASE_TTL (they are 3s and 6s).',
    ]);
    expect(mistakesOf({ CHAINR_REDIS_URL: 'redis://db:6379' })).to.deep.equal([
      'CHAINR_REDIS_URL is not for `chainr up`, which starts its own Redis and services: leave it out.',
    ]);
  });

  it('are listed with their defaults', () => {
    const lines = listSettings();
    expect(lines.find((line) => line.startsWith('CHAINR_LEASE_TTL '))).to.match(/^CHAINR_LEASE_TTL +6s +How long/);
    expect(lines.find((line) => line.startsWith('CHAINR_TOKEN '))).to.match(/^CHAINR_TOKEN +none +Token that/);
    expect(lines.join('\n')).to.not.contain('CHAINR_REDIS_URL');
  });
});

describe('the address that chainr up prints', () => {
  it('can be opened with a browser or curl', () => {
    expect(placeLines('http://127.0.0.1:8080')).to.deep.equal([
      '  page  http://127.0.0.1:8080/',
      '  API   http://127.0.0.1:8080/api',
    ]);
    for (const every of ['0.0.0.0', '[::]'])
      expect(placeLines(`http://${every}:8094`)).to.deep.equal([
        '  page  http://127.0.0.1:8094/ (and on every address of this machine)',
        '  API   http://127.0.0.1:8094/api',
      ]);
    expect(placeLines('unix:/run/s.sock')).to.deep.equal([
      '  API   curl --unix-socket /run/s.sock http://localhost/api/runs',
    ]);
  });
});

describe('the data folder', () => {
  let place: string;

  beforeEach(() => {
    place = mkdtempSync(path.join(realpathSync(tmpdir()), 'chainr-home-'));
  });

  afterEach(() => rmSync(place, { recursive: true }));

  it('is created with its parent folders, for its owner only', () => {
    const home = path.join(place, 'a', 'b');
    expect(openDataFolder(home).home).to.equal(home);
    expect(openDataFolder(home).home, 'again').to.equal(home);
    expect(statSync(home).mode & 0o777).to.equal(0o700);
  });

  it('is refused with a message if it cannot be created', () => {
    const file = path.join(place, 'file');
    writeFileSync(file, '');
    const sentences = { [file]: 'is a file', [path.join(file, 'x')]: 'is a file' };
    for (const [home, reason] of Object.entries(sentences))
      expect(() => openDataFolder(home)).to.throw(
        CouldNot,
        new RegExp(`^CHAINR_HOME is "${home}", but .*${reason}: name a folder that you may write to\\.$`),
      );
    mkdirSync(path.join(place, 'chainr.log'));
    expect(() => createFileLogger(path.join(place, 'chainr.log'), 'info')).to.throw(CouldNot, /cannot be written/);
  });

  it('is refused, without an endless loop, where the kernel creates no folders', () => {
    const { status, stderr } = tryUp('/proc/x');
    expect(stderr).to.equal(
      'chainr: CHAINR_HOME is "/proc/x", but the folder cannot be created: name a folder that you may write to.\n',
    );
    expect(status).to.equal(2);
  });
});

function tryUp(home: string): { status: unknown; stderr: unknown } {
  try {
    const args = ['--conditions=chainr-source', '--import=tsx', 'cli/src/main.ts', 'up'];
    execFileSync(process.execPath, args, {
      env: { ...process.env, CHAINR_HOME: home, PORT: '0' },
      encoding: 'utf8',
      timeout: 100_000, // Ends the child if the test hangs.
      stdio: 'pipe',
    });
  } catch (error) {
    return error as { status: unknown; stderr: unknown };
  }
  return { status: 0, stderr: '' };
}
