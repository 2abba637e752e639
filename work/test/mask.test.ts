import { expect } from 'chai';
import { Mask, noMask } from '../src/mask/mask.js';

const secret = 'hunter2-Größe!';
const mask = new Mask([secret, 'other-token', 'abc']);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the mask of secrets', () => {
  it('covers every secret wherever it stands, and nothing else', () => {
    expect(mask.text(`a ${secret} b ${secret}${secret} other-token.`)).to.equal('a *** b *** ***.');
    expect(mask.text('nothing to hide, not even hunter2')).to.equal('nothing to hide, not even hunter2');
    expect(noMask.text(secret)).to.equal(secret);
    expect(new Mask(['', 'x']).isEmpty).to.equal(true);
  });

  it('leaves what is shorter than four characters, which would be found everywhere', () => {
    expect(mask.text('abc, 1abcd')).to.equal('abc, 1abcd');
    expect(new Mask(['abcd']).text('1abcd')).to.equal('1***');
  });

  it('covers all of secrets that overlap, and the longer one of two that begin alike', () => {
    const overlapping = new Mask(['abcdef', 'defghi', 'abcdefxyz']);
    expect(overlapping.text('1abcdefghi2 3abcdefxyz4')).to.equal('1***2 3***4');
  });

  it('covers each line of a secret that has several', () => {
    const key = new Mask(['-----BEGIN KEY-----\n  MIIEvQIBADANBg\r\nqwertzuiop\nend\n']);
    expect(key.text('MIIEvQIBADANBg|  MIIEvQIBADANBg|qwertzuiop|end|-----BEGIN KEY-----')).to.equal(
      '***|  ***|***|end|***',
    );
    expect(key.text(JSON.stringify({ key: '-----BEGIN KEY-----\n  MIIEvQIBADANBg\r\nqwertzuiop\nend' }))).to.equal(
      '{"key":"***"}',
    );
  });

  it('covers a secret as URLs, JSON and base64 have it, by itself and within a longer text', () => {
    expect(mask.text(`https://u:${encodeURIComponent(secret)}@host`)).to.equal('https://u:***@host');
    expect(new Mask(['two words"']).text('q=two+words%22 {"a":"two words\\""}')).to.equal('q=*** {"a":"***"}');
    expect(mask.text(base64(secret))).to.equal('***');
    expect(mask.text(base64(`${secret}\n`))).to.match(/^\*\*\*.{0,3}$/);
    for (const before of ['', 'u:', 'us:', 'use:', 'user:']) {
      for (const after of ['', '@', '@h', '@ho']) {
        const told = mask.text(`Basic ${base64(`${before}${secret}${after}`)}`);
        expect(told, `${before}…${after}`).to.contain('***');
        // Only the text around the secret is left, and at most one character at each end that is part of both.
        expect(told.replace('Basic ', '').replace('***', '').length).to.be.at.most(
          before.length * 2 + after.length * 2 + 3,
        );
      }
    }
    const long = 'long-secret-'.repeat(20);
    const wrapped = (base64(long).match(/.{1,76}/g) ?? []).join('\n');
    expect(new Mask([long]).text(wrapped)).to.match(/^(\*\*\*\n?)+$/);
  });

  it('covers a secret as shells show it that forgot to quote it, or that trace what they do', () => {
    const odd = new Mask(["it's  two\twords", 'first line\n  second   line']);
    expect(odd.text("echo: it's two words; + echo 'it'\\''s  two\twords' + echo 'it'\"'\"'s  two\twords'")).to.equal(
      "echo: ***; + echo '***' + echo '***'",
    );
    expect(odd.text('first line second line')).to.equal('***');
  });

  it('covers secrets in the message of an outcome, and refuses an output with one', () => {
    const outcome = { reason: 'Completed', exitCode: 0, outputs: { url: `u:${secret}@host`, good: 'x' } } as const;
    expect(mask.outcome(outcome)).to.deep.equal({
      reason: 'ConfigError',
      exitCode: 0,
      outputs: { good: 'x' },
      message: 'The output "url" has the value of a secret in it, and outputs are shown to all.',
    });
    const failed = { reason: 'ExitCode', exitCode: 3, message: `cannot log in as ${secret}` } as const;
    expect(mask.outcome(failed)).to.deep.equal({ ...failed, message: 'cannot log in as ***' });
    const both = mask.outcome({ ...failed, outputs: { 'other-token': 'x', key: 'other-token' } });
    expect(both.reason).to.equal('ExitCode');
    expect(both.message).to.equal(
      'cannot log in as *** The output "***" has the value of a secret in it, and outputs are shown to all.',
    );
    expect(both).not.to.have.property('outputs');
    expect(noMask.outcome(outcome)).to.equal(outcome);
  });

  it('covers secrets in errors and what caused them', () => {
    const error = new Error(`refused: ${secret}`, { cause: new TypeError('other-token is no name') });
    const told = mask.error(Object.assign(error, { body: secret })) as Error;
    expect(told.message).to.equal('refused: ***');
    expect((told.cause as Error).name).to.equal('TypeError');
    expect(JSON.stringify([told, told.stack, (told.cause as Error).stack])).not.to.match(/hunter2|other-token/);
  });
});
