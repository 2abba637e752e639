import { expect } from 'chai';
import { openGate, type OpenGate } from './open-gate.js';

const spellings = ['/metrics', '/metrics/', '/METRICS', '/Metrics?x=1', '//metrics', '/%6detrics', '/./metrics'];

describe('the metrics of gate', () => {
  let gate: OpenGate;
  afterEach(() => gate.close());

  it('are sent to a client with the token', async () => {
    gate = await openGate({ token: 'secret' });
    const answer = await gate.ask('/metrics', { headers: { Authorization: 'Bearer secret' } });
    expect(answer.status).to.equal(200);
    expect(answer.text).to.include('service="gate"');
    expect(answer.text).to.not.include('secret');
  });

  it('are sent to no other client, in any spelling of the address', async () => {
    gate = await openGate({ token: 'secret' });
    for (const path of spellings) {
      const answer = await gate.ask(path);
      expect(answer.text, path).to.not.match(/process_|nodejs_|chainr_/);
    }
    const refused = await gate.ask('/metrics');
    expect(refused.status).to.equal(401);
    expect(refused.headers['www-authenticate']).to.include('Bearer');
    expect((await gate.ask('/metrics', { headers: { Authorization: 'Bearer other' } })).status).to.equal(401);
  });

  it('are sent without a token only for a host name of this machine', async () => {
    gate = await openGate();
    expect((await gate.ask('/metrics')).status).to.equal(200);
    expect((await gate.ask('/metrics', { headers: { Host: 'elsewhere.example' } })).status).to.equal(403);
    expect((await gate.ask('/metrics', { headers: { Origin: 'http://elsewhere.example' } })).status).to.equal(403);
  });

  it('count answers by the class of their status', async () => {
    gate = await openGate();
    await gate.ask('/api/runs');
    await gate.ask('/api/runs', { method: 'POST', headers: { 'Content-Type': 'text/plain' } }, 'x');
    const { text } = await gate.ask('/metrics');
    expect(text).to.include('chainr_http_answers_total{class="2xx",service="gate"} 1');
    expect(text).to.include('chainr_http_answers_total{class="4xx",service="gate"} 1');
  });
});
