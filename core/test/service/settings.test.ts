import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { bytes, choice, durationMs, flag, integer, sizeOf, text, words } from '../../src/service/setting-kinds.js';
import { readSettings, readTogether, SettingsError } from '../../src/service/settings.js';
import { shownDefault } from '../../src/service/shown-default.js';

const table = {
  listen: text({ env: 'CHAINR_LISTEN', default: '127.0.0.1:8080', doc: 'Where it listens.' }),
  count: integer({ env: 'CHAINR_COUNT', default: 3, min: 1, max: 9, doc: 'How many.' }),
  grace: durationMs({ env: 'CHAINR_GRACE', default: 10_000, doc: 'How long.' }),
  level: choice(['info', 'debug'], { env: 'CHAINR_LEVEL', default: 'info', doc: 'How much.' }),
  open: flag({ env: 'CHAINR_OPEN', default: false, doc: 'Whether.' }),
  url: text({ env: 'CHAINR_URL', doc: 'Where it is.' }),
  token: integer({ env: 'CHAINR_TOKEN', default: 0, min: 0, max: 9, doc: 'A secret.', secret: true }),
};

function mistakesOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings(table, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have their defaults if the environment has none, or an empty text', () => {
    expect(readSettings(table, { CHAINR_URL: 'x', CHAINR_COUNT: '' })).to.deep.equal({
      listen: '127.0.0.1:8080',
      count: 3,
      grace: 10_000,
      level: 'info',
      open: false,
      url: 'x',
      token: 0,
    });
  });

  it('are read with their units', () => {
    const env = {
      CHAINR_URL: 'x',
      CHAINR_GRACE: '1m30s',
      CHAINR_LEVEL: 'debug',
      CHAINR_OPEN: 'true',
      CHAINR_COUNT: '9',
    };
    expect(readSettings(table, env)).to.include({ grace: 90_000, level: 'debug', open: true, count: 9 });
  });

  it('list all mistakes at once', () => {
    const env = { CHAINR_COUNT: '10', CHAINR_GRACE: '5', CHAINR_LEVEL: 'loud', CHAINR_OPEN: 'yes' };
    expect(mistakesOf(env)).to.deep.equal([
      'CHAINR_COUNT must be a whole number from 1 to 9 (it is "10").',
      'CHAINR_GRACE must be a duration such as 500ms, 90s or 1h30m (it is "5").',
      'CHAINR_LEVEL must be one of info, debug (it is "loud").',
      'CHAINR_OPEN must be true or false (it is "yes").',
      'CHAINR_URL is required: Where it is.',
    ]);
  });

  it('suggest the nearest name for a misspelled one, and ignore other variables', () => {
    expect(mistakesOf({ CHAINR_URL: 'x', CHAINR_LISTN: ':1', CHAINR_SOMETHING_ELSE: '1', LISTEN: '2' })).to.deep.equal([
      'There is no setting CHAINR_LISTN: did you mean CHAINR_LISTEN?',
    ]);
  });

  it('are checked together, and reported for several tables at once, each mistake once', () => {
    const together = ({ count = 0, grace = 0 }) => (count > grace ? ['CHAINR_COUNT is more than CHAINR_GRACE.'] : []);
    const env = { CHAINR_COUNT: '9', CHAINR_GRACE: '5ms', CHAINR_LEVEL: 'loud', CHAINR_URL: 'x' };
    const read = () => readSettings(table, env, together);
    expect(() => readTogether({ one: read, two: read, three: () => 3 }))
      .to.throw(SettingsError)
      .with.property('mistakes')
      .that.deep.equals([
        'CHAINR_LEVEL must be one of info, debug (it is "loud").',
        'CHAINR_COUNT is more than CHAINR_GRACE.',
      ]);
    expect(readTogether({ three: () => 3 })).to.deep.equal({ three: 3 });
  });

  it('of a size have a minimum, and 0 if that has a meaning', () => {
    const size = bytes({ env: 'CHAINR_SIZE', default: 0, min: 1024, max: 1024 ** 2, zero: true, doc: 'How large.' });
    expect(readSettings({ size }, { CHAINR_SIZE: '0' })).to.deep.equal({ size: 0 });
    expect(readSettings({ size }, { CHAINR_SIZE: '1024' })).to.deep.equal({ size: 1024 });
    for (const text of ['1', '1Mi', '-5'])
      expect(() => readSettings({ size }, { CHAINR_SIZE: text })).to.throw(
        `CHAINR_SIZE must be 0 or a whole number of bytes from 1024 (1 KiB) to 1048576 (1 MiB) (it is "${text}").`,
      );
    expect([0, 1, 1023, 1536, 64 * 1024 ** 2].map(sizeOf)).to.deep.equal([
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1536 bytes',
      '64 MiB',
    ]);
  });

  it('show their defaults as one would write them', () => {
    const names = words({ env: 'CHAINR_NAMES', default: ['a', 'b'], doc: 'Which.' });
    const machine = integer({ env: 'CHAINR_CORES', default: 4, shown: 'as cores', min: 1, max: 9, doc: 'How many.' });
    const empty = text({ env: 'CHAINR_X', default: '', doc: 'Nothing.' });
    const shown = [table.grace, table.open, names, machine, table.url, empty].map((each) => shownDefault(each));
    expect(shown).to.deep.equal([
      { written: '10s' },
      { written: 'false' },
      { written: 'a,b' },
      { said: 'as cores' },
      { said: 'required' },
      { said: 'none' },
    ]);
    expect(table.grace.parse('10s')).to.equal(table.grace.default);
  });

  it('never show the value of a secret', () => {
    expect(mistakesOf({ CHAINR_URL: 'x', CHAINR_TOKEN: 'hunter2' }).join()).to.not.include('hunter2');
  });

  describe('in files', () => {
    const folders = useDataFolders();
    const fileWith = async (content: string) => {
      const file = path.join(await folders.make(), 'token');
      await writeFile(file, content);
      return file;
    };

    it('give secrets, with or without a newline at the end', async () => {
      for (const content of ['7', '7\n', '7\r\n']) {
        const env = { CHAINR_URL: 'x', CHAINR_TOKEN_FILE: await fileWith(content) };
        expect(readSettings(table, env)).to.include({ token: 7 });
      }
      expect(readSettings(table, { CHAINR_URL: 'x', CHAINR_TOKEN_FILE: '', CHAINR_TOKEN: '3' })).to.include({
        token: 3,
      });
    });

    it('are refused if they cannot be read, if the variable is set too, or if the value is wrong, without the value', async () => {
      const url = { CHAINR_URL: 'x' };
      expect(mistakesOf({ ...url, CHAINR_TOKEN_FILE: '/no/such/file' })).to.deep.equal([
        "CHAINR_TOKEN cannot be read from the file of CHAINR_TOKEN_FILE: ENOENT: no such file or directory, open '/no/such/file'.",
      ]);
      expect(mistakesOf({ ...url, CHAINR_TOKEN: '1', CHAINR_TOKEN_FILE: await fileWith('1') })).to.deep.equal([
        'CHAINR_TOKEN is set, and so is CHAINR_TOKEN_FILE: choose one.',
      ]);
      const wrong = mistakesOf({ ...url, CHAINR_TOKEN_FILE: await fileWith('hunter2') });
      expect(wrong).to.have.length(1);
      expect(wrong.join()).to.not.include('hunter2');
    });

    it('are only for secrets: of another setting the name is a slip', () => {
      expect(mistakesOf({ CHAINR_URL: 'x', CHAINR_TOKEN_FIL: '1' })).to.deep.equal([
        'There is no setting CHAINR_TOKEN_FIL: did you mean CHAINR_TOKEN_FILE?',
      ]);
    });
  });
});
