import { expect } from 'chai';
import { parseRedisAddress, withPassword } from '../../src/service/redis-address.js';

describe('the address of Redis', () => {
  const none = { path: '', hosts: [], group: '', username: '', password: '', db: 0, tls: false };
  const at = (host: string, port: number) => ({ host, port });
  const rows: Record<string, object> = {
    'redis://some': { kind: 'server', hosts: [at('some', 6379)] },
    'redis://127.0.0.1:7000/3': { kind: 'server', hosts: [at('127.0.0.1', 7000)], db: 3 },
    'redis://[::1]:7000': { kind: 'server', hosts: [at('::1', 7000)] },
    'rediss://me:p%40ss%2F@some/': { kind: 'server', hosts: [at('some', 6379)], username: 'me', password: 'p@ss/', tls: true }, // prettier-ignore
    'redis://:secret@some': { kind: 'server', hosts: [at('some', 6379)], password: 'secret' },
    'unix:/run/redis.sock': { kind: 'socket', path: '/run/redis.sock' },
    'redis+sentinel://a,b:1/main': { kind: 'sentinels', hosts: [at('a', 26379), at('b', 1)], group: 'main' },
    'rediss+sentinel://:x@a/main/2': { kind: 'sentinels', hosts: [at('a', 26379)], group: 'main', password: 'x', db: 2, tls: true }, // prettier-ignore
    'redis+cluster://a:1,b,[::1]:3': { kind: 'cluster', hosts: [at('a', 1), at('b', 6379), at('::1', 3)] },
  };
  for (const [text, expected] of Object.entries(rows)) {
    it(`is read from ${text}`, () => {
      expect(parseRedisAddress(text)).to.deep.equal({ ...none, ...expected });
    });
  }

  const refused: Record<string, RegExp> = {
    '': /must be an address such as/,
    'http://some': /must be an address such as/,
    'redis://': /must be an address such as/,
    'redis://some:port': /must be an address such as/,
    'redis://some:70000': /must be an address such as/,
    'redis://a,b': /only the last two have several hosts/,
    'redis://some/zero': /must end with the number of a database/,
    'redis+sentinel://a': /must name the group/,
    'redis+cluster://a/1': /must not name a database/,
    'redis://:%zz@some': /percent-encoded/,
  };
  for (const [text, expected] of Object.entries(refused)) {
    it(`is refused: ${text}`, () => {
      expect(() => parseRedisAddress(text)).to.throw(expected);
    });
  }

  it('shows no password in a refusal', () => {
    const secret = 'hunter2';
    for (const text of [`redis://:${secret}@some:port`, `redis://:${secret}@some/zero`, `redis://:${secret}%zz@some`])
      expect(() => parseRedisAddress(text)).to.throw(/^(?!.*hunter2)/);
  });

  it('takes a password that is configured on its own', () => {
    const password = 'p@:/ss';
    for (const url of ['redis://some:1/2', 'redis://:old@some:1/2', 'redis+cluster://a:1,b:2']) {
      expect(parseRedisAddress(withPassword(url, password)), url).to.include({ password });
    }
    expect(parseRedisAddress(withPassword('redis://me@some', password))).to.include({ username: 'me', password });
    expect(withPassword('redis://:old@some', '')).to.equal('redis://:old@some');
    expect(withPassword('unix:/run/redis.sock', password)).to.equal('unix:/run/redis.sock');
  });
});
