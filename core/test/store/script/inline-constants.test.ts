import { expect } from 'chai';
import { inlineConstants } from '../../../src/store/script/inline-constants.js';
import { composeScript } from '../../../src/store/script/scripts.js';

const inlined = (text: string) => inlineConstants({ text, sha: '' }).text;

describe('constants in the script', () => {
  it('stand in the places of their names, and are not defined any more', () => {
    expect(inlined('local A_MAX, BEE = 1, 20\nlocal x = A_MAX + BEE\n')).to.equal('local x = 1 + 20\n');
    expect(inlined("local JOB = { PENDING = 0, RUNNING = 1 }\nreturn JOB.RUNNING == JOB.PENDING\n")).to.equal('return 1 == 0\n'); // prettier-ignore
    expect(inlined("local FORMAT = { row = '>BB' }\nreturn FORMAT.row\n")).to.equal("return '>BB'\n");
    expect(inlined('local PAGE = 100 -- As many as one command reads.\nreturn PAGE\n')).to.equal('return 100\n');
  });

  it('leave texts, tables that are looked up and other names as they are', () => {
    const text = "local KIND = { [0] = 'fake' }\nreturn redis.call('GET', KIND[0] .. 'A_MAX'), ARGV[1], my.A_MAX\n";
    expect(inlined(`local A_MAX = 1\n${text}`)).to.equal(text);
  });

  it('leave none of the real script undefined', () => {
    const { text, sha } = inlineConstants(composeScript());
    const defined = new Set([...text.matchAll(/^local ([A-Z][A-Z_, ]*) =/gm)].flatMap(([, names = '']) => names.split(', '))); // prettier-ignore
    const used = text.replace(/'(?:[^'\\\n]|\\.)*'|--.*/g, '').match(/(?<![\w.])[A-Z][A-Z_]+\b/g) ?? [];
    const known = new Set(['KEYS', 'ARGV', ...defined]);
    expect([...new Set(used)].filter((name) => !known.has(name))).to.deep.equal([]);
    expect(sha).to.match(/^[0-9a-f]{40}$/);
    expect(sha).not.to.equal(composeScript().sha);
  });
});
