import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { isAlive, parseIdentity, readBootId, readStat } from '../../src/process/identity.js';

const stat = (pid: number, name: string, state: string, startTime: number): string =>
  `${pid} (${name}) ${state} 1 ${pid} 77 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 1 0 ${startTime} 3133440 406 18446744073709551615\n`;

describe('the identity of a process', () => {
  let proc: string;
  before(() => {
    proc = mkdtempSync(join(tmpdir(), 'chainr-proc-'));
    mkdirSync(join(proc, 'sys/kernel/random'), { recursive: true });
    writeFileSync(join(proc, 'sys/kernel/random/boot_id'), 'this-boot\n');
    const processes = {
      11: stat(11, 'sh', 'S', 500),
      12: stat(12, 'odd) R 1 (name', 'S', 600),
      13: stat(13, 'sh', 'Z', 700),
    };
    for (const [pid, text] of Object.entries(processes)) {
      mkdirSync(join(proc, pid));
      writeFileSync(join(proc, pid, 'stat'), text);
    }
  });
  after(() => rmSync(proc, { recursive: true }));

  it('is alive if pid, start time and boot match', () => {
    expect(isAlive({ pid: 11, startTime: 500, bootId: 'this-boot' }, proc)).to.equal(true);
  });

  it('is not confused by another process with the same pid', () => {
    expect(isAlive({ pid: 11, startTime: 499, bootId: 'this-boot' }, proc)).to.equal(false);
  });

  it('is not confused by a process of another boot', () => {
    expect(isAlive({ pid: 11, startTime: 500, bootId: 'earlier-boot' }, proc)).to.equal(false);
  });

  it('treats a zombie and an unused pid as dead', () => {
    expect(isAlive({ pid: 13, startTime: 700, bootId: 'this-boot' }, proc)).to.equal(false);
    expect(isAlive({ pid: 14, startTime: 700, bootId: 'this-boot' }, proc)).to.equal(false);
  });

  it('can parse a name with spaces and parentheses', () => {
    expect(readStat(12, proc)).to.deep.equal({ pid: 12, state: 'S', parent: 1, session: 77, startTime: 600 });
  });

  it('does not accept an incomplete record', () => {
    expect(parseIdentity('11 500 this-boot\n')).to.deep.equal({ pid: 11, startTime: 500, bootId: 'this-boot' });
    expect(parseIdentity('11 500 this-boot 0110\n')).to.deep.equal({ pid: 11, startTime: 500, bootId: 'this-boot' });
    for (const record of ['', '11 500 this-b', '11 500\n', 'canceled\n'])
      expect(parseIdentity(record)).to.equal(undefined);
  });

  it('agrees with the kernel about this process', () => {
    const self = readStat(process.pid);
    expect(self?.parent).to.equal(process.ppid);
    expect(isAlive({ pid: process.pid, startTime: self?.startTime ?? 0, bootId: readBootId() })).to.equal(true);
  });
});
