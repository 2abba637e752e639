import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger } from '../../src/service/logger.js';

describe('the log of a service', () => {
  it('is one JSON line per event, with an ISO time and the service, and hides secrets', () => {
    const lines: string[] = [];
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const logger = createLogger('gate', 'info', destination);
    logger.debug('too quiet');
    logger.info(
      { run: 'r', token: 's3', request: { headers: { authorization: 's3' } }, headers: { 'set-cookie': 's3' } },
      'hello',
    );
    expect(lines).to.have.length(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).to.include({ level: 'info', service: 'gate', msg: 'hello', run: 'r' });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(lines[0]).to.not.include('s3');
  });
});
