import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { createLogger } from '@chainr/core/service/logger';
import { untilFound } from '@chainr/testkit/until-found';
import { readConfig } from '../src/config.js';
import { ConnectionLimit } from '../src/guards/limit-connections.js';
import { openGate, readAnswer, type OpenGate } from './open-gate.js';

describe('the connections of one client', () => {
  let gate: OpenGate;
  const agents: http.Agent[] = [];

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await gate.close();
  });

  /** Sends a request on a connection that stays open. */
  async function askAndStay(localAddress = '127.0.0.1') {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    const request = http.get({ host: '127.0.0.1', port: gate.port, path: '/api/runs', agent, localAddress });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return readAnswer(response);
  }

  it('are limited; requests on further ones get 429', async () => {
    gate = await openGate({ connectionsPerClient: 3 });
    for (let open = 0; open < 3; open += 1) expect((await askAndStay()).status).to.equal(200);
    const refused = await askAndStay();
    expect(refused.status).to.equal(429);
    expect(refused.headers).to.include({ 'retry-after': '1', connection: 'close' });
    expect(refused.headers['content-type']).to.equal('application/json; charset=utf-8');
    expect(refused.json).to.include({ kind: 'Error', code: 'TooManyConnections' });
    expect((await askAndStay('127.0.0.2')).status, 'another client').to.equal(200);
    const warnings = gate.logLines.filter(({ level }) => level === 'warn');
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include({ client: '127.0.0.1', max: 3 });

    agents[0]?.destroy();
    const { status } = await untilFound(
      'a free connection',
      () => askAndStay(),
      (answer) => answer.status !== 429,
    );
    expect(status).to.equal(200);
  });

  it('are closed without an answer far beyond that', async () => {
    gate = await openGate({ connectionsPerClient: 1 });
    const sockets = Array.from({ length: 600 }, () => net.connect(gate.port, '127.0.0.1').on('error', () => undefined));
    const closed = new Set<net.Socket>();
    const enough = new Promise<void>((resolve) => {
      for (const socket of sockets)
        socket.once('close', () => {
          if (closed.add(socket).size === 99) resolve();
        });
    });
    await enough;
    for (const socket of sockets) socket.destroy();
  });

  it('are counted by address: for IPv6 by its first 64 bits, for IPv4 in any notation', async () => {
    gate = await openGate();
    const refusedOf = (...addresses: string[]): number => {
      const lines: string[] = [];
      const limit = new ConnectionLimit(1, createLogger('test', 'warn', { write: (line) => void lines.push(line) }));
      for (const address of addresses) {
        const socket = new net.Socket();
        Object.defineProperty(socket, 'remoteAddress', { value: address });
        limit.count(socket);
      }
      return lines.length;
    };
    expect(refusedOf('10.0.0.1', '::ffff:10.0.0.1')).to.equal(1);
    expect(refusedOf('10.0.0.1', '10.0.0.2')).to.equal(0);
    expect(refusedOf('2001:db8:1:2::1', '2001:db8:1:2:ffff::9')).to.equal(1);
    expect(refusedOf('2001:db8::1', '2001:db8:0:0:1::1')).to.equal(1);
    expect(refusedOf('2001:db8:1:2::1', '2001:db8:1:3::1')).to.equal(0);
    expect(refusedOf('fe80::1%eth0', 'fe80::2%eth0')).to.equal(1);
  });

  it('may be 1,000 requests and 1,000 streams by default', async () => {
    gate = await openGate();
    expect(readConfig({}).connectionsPerClient).to.be.at.least(2_000);
    expect(readConfig({ CHAINR_CONNECTIONS_PER_CLIENT: '0' }).connectionsPerClient).to.equal(0);
  });
});
