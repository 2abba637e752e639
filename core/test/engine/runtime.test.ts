import { expect } from 'chai';
import { mapRuntime, packRuntime, type Runtime } from '../../src/engine/runtime.js';

const event = (message: string) => ({ time: 1, type: 'Warning', reason: 'Some', message }) as const;
const runtime = (events: number, containers: number, text: string): Runtime => ({
  pod: 'some/pod',
  node: 'node1',
  containers: Array.from({ length: containers }, (_, at) => ({ name: `c${String(at)}`, image: text, state: text })),
  events: Array.from({ length: events }, (_, at) => event(`${String(at)} ${text}`)),
});

describe('what is kept of where an attempt ran', () => {
  const packed = (value: Runtime) => JSON.parse(packRuntime(value)) as Runtime;

  it('is stored as it is while it is small', () => {
    expect(packed(runtime(3, 2, 'x'))).to.deep.equal(runtime(3, 2, 'x'));
  });

  it('loses its oldest events first, and then its containers', () => {
    const many = packed(runtime(60, 2, 'é'.repeat(500)));
    expect(many.events.length).to.be.within(1, 59);
    expect(many.events.at(-1)?.message).to.match(/^59 /);
    expect(many.containers).to.have.length(2);
    const large = packed(runtime(2, 60, 'é'.repeat(500)));
    expect(large).to.include({ pod: 'some/pod', node: 'node1' });
    expect([large.events.length, large.containers.length]).to.deep.equal([0, 0]);
    for (const each of [many, large]) expect(Buffer.byteLength(JSON.stringify(each))).to.be.lessThan(16_385);
  });

  it('has every text covered that others have written', () => {
    const covered = mapRuntime(runtime(2, 2, 'secret'), (text) => text.replaceAll('secret', '***'));
    expect(JSON.stringify(covered)).to.contain('***');
    expect(JSON.stringify(covered)).not.to.contain('secret');
  });
});
