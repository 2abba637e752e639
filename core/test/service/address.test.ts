import { expect } from 'chai';
import { formatAddress, isLoopback, parseAddress, parseServiceUrl } from '../../src/service/address.js';

describe('an address', () => {
  it('is a host and a port, or a socket', () => {
    expect(parseAddress('127.0.0.1:8080')).to.deep.equal({ host: '127.0.0.1', port: 8080 });
    expect(parseAddress(':8080')).to.deep.equal({ host: '::', port: 8080 });
    expect(parseAddress('[::1]:80')).to.deep.equal({ host: '::1', port: 80 });
    expect(parseAddress('unix:/run/x.sock')).to.deep.equal({ socketPath: '/run/x.sock' });
  });

  for (const text of [
    '8080',
    '::1:80',
    'host:',
    'host:65536',
    'http://host:80',
    'unix:x.sock',
    `unix:/${'x'.repeat(120)}`,
  ]) {
    it(`is not ${text.slice(0, 20)}`, () => {
      expect(() => parseAddress(text)).to.throw(/^(must|names)/);
    });
  }

  it('of a service is written as a URL', () => {
    expect(parseServiceUrl('http://sched:8080')).to.deep.equal({ host: 'sched', port: 8080 });
    expect(parseServiceUrl('http://[::1]:81/')).to.deep.equal({ host: '::1', port: 81 });
    expect(parseServiceUrl('unix:/run/x.sock')).to.deep.equal({ socketPath: '/run/x.sock' });
    for (const text of ['https://sched', 'http://sched/path', 'sched:80'])
      expect(() => parseServiceUrl(text)).to.throw('must be');
  });

  it('is loopback only if no other machine can reach it', () => {
    expect(
      ['127.0.0.1:1', '127.9.9.9:1', 'localhost:1', '[::1]:1', 'unix:/x'].map(parseAddress).every(isLoopback),
    ).to.equal(true);
    expect(
      ['0.0.0.0:1', ':1', '[::]:1', '10.0.0.1:1', '127.0.0.1.example.org:1'].map(parseAddress).some(isLoopback),
    ).to.equal(false);
  });

  it('is shown with brackets around IPv6', () => {
    expect(formatAddress({ host: '::1', port: 80 })).to.equal('http://[::1]:80');
    expect(formatAddress({ socketPath: '/x' })).to.equal('unix:/x');
  });
});
