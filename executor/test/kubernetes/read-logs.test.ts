import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import { untilFound } from '@chainr/testkit/until-found';
import { attemptOf } from '../../suite/place.js';
import type { AttemptSpec } from '../../src/port.js';
import { ended, givenOf, refuse, running, ScriptedNode, statusOf, textOfEntries, type Entry } from './scripted-node.js';

const day = '2026-11-30';
const at = (time: string): string => `${day}T${time}`;
const long = 'x'.repeat(16_384);

/** A line in pieces over several seconds with one of the other stream in it, the zone of the node, lines out of order. */
const entries: Entry[] = [
  { at: at('13:00:01.100000000+01:00'), text: 'one' },
  { at: at('13:00:01.100000000+01:00'), text: 'one' },
  { at: at('13:00:01.900000000+01:00'), text: `a${long}`, isPiece: true },
  { at: at('13:00:02.100000000+01:00'), text: `b${long}`, isPiece: true },
  { at: at('13:00:04.000000000+01:00'), text: 'err' },
  { at: at('13:00:05.100000000+01:00'), text: 'c' },
  { at: at('13:00:05.200000000+01:00'), text: '' },
  { at: at('13:00:06.000100000+01:00'), text: 'later' },
  { at: at('13:00:05.999900000+01:00'), text: 'sooner' },
  { at: at('13:00:07.000000000+01:00'), text: `d${long}`, isPiece: true },
  { at: at('13:00:09.000000000+01:00'), text: 'e' },
  { at: at('13:00:09.100000000+01:00'), text: 'no newline', isPiece: true },
];

const removed = '![chainr: the end of the log may be missing: somebody removed the pod before all of it was read]\n';
const dropped = '![chainr: the end of the log may be missing: the node does not have it any more]\n';
const restarted =
  '![chainr: part of the log may be missing: the service was started again before all of it was read]\n';

describe('reading the logs of a pod', function () {
  this.timeout(60_000);
  let node: ScriptedNode;
  let spec: AttemptSpec;

  beforeEach(async () => {
    node = new ScriptedNode();
    await node.start();
    spec = attemptOf('busybox', { run: 'true' });
  });

  afterEach(() => node.stop());

  const main = (state: Parameters<typeof statusOf>[2]) => statusOf('main', 'c1', state);
  const showRunning = (): void => node.show(spec, 'Running', main(running(at('12:00:00Z'))));
  const showEnded = (): void => node.show(spec, 'Succeeded', main(ended(at('12:00:00Z'))));

  /** Gives what there is of a log, but no more than it has `limit` bytes of all of it. */
  function giveUpTo(limit: number, sinceTime: string | null): string {
    const given = givenOf(entries, sinceTime);
    const leftOut = givenOf(entries, null).length - given.length;
    return given.slice(0, Math.max(0, limit - leftOut));
  }

  const cuts: Record<string, (response: ServerResponse, given: string) => void> = {
    'in order, as where a kubelet is restarted or a proxy has a limit,': (response, given) => response.end(given),
    'without a word': (response, given) => {
      if (given === '') response.destroy();
      else response.write(given, () => setImmediate(() => response.destroy()));
    },
  };
  for (const [how, cut] of Object.entries(cuts)) {
    for (const when of ['while its container runs', 'after its end']) {
      it(`goes on where a log ended ${how} ${when}`, async () => {
        const all = givenOf(entries, null);
        // Each time a little more comes: the ends are within times, lines, and pieces of lines.
        const ends = [0, 3, 34, 36, 41, 75, 80, 120, 7_000, 16_460, 20_000, 32_850];
        for (let end = 32_880; end < all.length; end += 37 + (end > 33_200 && end < 49_000 ? 3_000 : 0)) ends.push(end);
        // A log that ends twice at the same place has ended there, unless that is within a time.
        if (when === 'after its end') ends.splice(0, 1);
        if (when === 'after its end') showEnded();
        else showRunning();
        node.onLog = ({ count, sinceTime }, response) => {
          const end = ends[count];
          if (end !== undefined) return cut(response, giveUpTo(end, sinceTime));
          response.end(givenOf(entries, sinceTime));
          showEnded();
        };
        const { text } = await node.read(spec, '', { patienceMs: 60_000 });
        expect(text['main'] === textOfEntries(entries), text['main']?.replaceAll(/x+/g, 'x')).to.equal(true);
        expect(node.requests.length).to.be.above(ends.length);
      });
    }
  }

  it('opens a quiet log again without a word of its own', async () => {
    showRunning();
    node.onLog = ({ count }, response) => {
      response.end();
      if (count === 5) showEnded();
    };
    expect((await node.read(spec)).text).to.deep.equal({});
    expect(node.requests.length).to.be.within(6, 9);
  });

  it('says once that lines may be missing, where the log ends without the line up to which it was read', async () => {
    showRunning();
    node.onLog = ({ count }, response) => {
      response.end(count === 0 ? givenOf(entries.slice(0, 1), null) : '');
      if (count === 3) showEnded();
    };
    const { text, position } = await node.read(spec);
    const missing = `![chainr: part of the log after ${entries[0]?.at} may be missing: the node has rotated it]\n`;
    expect(text['main']).to.equal(`one\n${missing}`);
    expect((await node.read(spec, position)).text).to.deep.equal({});
  });

  const absences: Record<string, (response: ServerResponse) => void> = {
    '400': (response) => refuse(response, 400, 'container "main" in pod "a" is waiting to start: ContainerCreating'),
    '404': (response) => refuse(response, 404, 'pod "a" does not exist'),
    'a sentence in place of the log': (response) =>
      response.end('unable to retrieve container logs for containerd://c1'),
  };
  for (const [what, answer] of Object.entries(absences)) {
    it(`asks with pauses after ${what}, until there is a log`, async () => {
      showRunning();
      let isThere = false;
      node.onLog = ({ count }, response) => {
        if (!isThere) answer(response);
        else response.end(givenOf(entries, null));
        if (count === 0) setTimeout(() => (isThere = true), 500);
        if (isThere) showEnded();
      };
      const { text } = await node.read(spec, '', { pausesMs: [100, 5_000] });
      expect(text['main'] === textOfEntries(entries)).to.equal(true);
      expect(node.requests.length).to.be.below(25);
    });

    it(`says once that the end may be missing where ${what} stays after the end of the container`, async () => {
      showRunning();
      node.onLog = ({ count, sinceTime }, response) => {
        if (count === 0) {
          response.end(giveUpTo(40, sinceTime));
          showEnded();
        } else answer(response);
      };
      const { text, position } = await node.read(spec, '', { pausesMs: [50, 5_000] });
      expect(text['main']).to.equal(`one\n${dropped}`);
      expect(node.requests.length).to.be.below(12);
      expect((await node.read(spec, position)).text, 'as another worker').to.deep.equal({});
    });
  }

  it('says nothing where the node drops the log after all of it was read, as where somebody deletes a running pod', async () => {
    showRunning();
    node.onLog = ({ count, sinceTime }, response) => {
      if (count > 0) return void response.end('unable to retrieve container logs for containerd://c1');
      response.end(givenOf(entries, sinceTime));
      const finishedAt = new Date().toISOString().replace(/\.\d+/, '');
      const terminated = { exitCode: 143, reason: 'Error', startedAt: at('12:00:00Z'), finishedAt };
      node.show(spec, 'Failed', main({ terminated }));
    };
    expect((await node.read(spec)).text['main'] === textOfEntries(entries)).to.equal(true);
    expect(node.requests).to.have.length(2);
  });

  it('says once that the end may be missing where the pod is gone', async () => {
    showRunning();
    node.onLog = ({ count, sinceTime }, response) => {
      if (count === 0) return void response.end(giveUpTo(40, sinceTime));
      node.remove();
      refuse(response, 404, 'pods "a" not found');
    };
    expect((await node.read(spec)).text['main']).to.equal(`one\n${removed}`);
    expect(node.requests).to.have.length(2);
  });

  const serviceOf = (name: string): ServiceSpec => ({ name, image: 'busybox', env: {} });

  it('says once what right is missing, for all containers, and asks no more', async () => {
    spec = { ...attemptOf('busybox', { run: 'true' }, { run: 'true' }), services: [serviceOf('db'), serviceOf('web')] };
    const since = running(at('12:00:00Z'));
    node.show(spec, 'Running', ...['db', 'web', 'step-0', 'step-1'].map((name) => statusOf(name, name, since)));
    node.onLog = (_, response) =>
      refuse(
        response,
        403,
        'pods "a" is forbidden: User "system:serviceaccount:ci:work" cannot get resource "pods/log" in API group "" in the namespace "default"',
      );
    const { text } = await node.read(spec);
    expect(Object.values(text)).to.deep.equal([
      '![chainr: the log is missing: The worker (system:serviceaccount:ci:work) has no right to get pods/log in the namespace default: add it to its Role]\n',
    ]);
    expect(node.requests.length).to.be.at.most(3);
  });

  describe('of a service that is started again', () => {
    const of = (...names: string[]): Entry[] =>
      names.flatMap((name) =>
        ['1', '2'].map((end) => ({ at: at(`${name.slice(1)}.${end}00000000Z`), text: name + end })),
      );
    const [first, second, third] = [of('a12:00:00'), of('b12:00:10'), of('c12:00:20')];
    const starts = { a: at('12:00:00Z'), b: at('12:00:10Z'), c: at('12:00:20Z') };
    type Name = keyof typeof starts;
    const before: Record<Name, Name | undefined> = { a: undefined, b: 'a', c: 'b' };
    const logs: Record<Name, Entry[]> = { a: first, b: second, c: third };
    let present: Name;

    beforeEach(() => {
      spec = { ...spec, services: [serviceOf('db')] };
      // As the kubelet does: of the present container, or of the one before.
      node.onLog = ({ container, isPrevious, sinceTime }, response) => {
        if (container !== 'db') return void response.end();
        const name = isPrevious ? before[present] : present;
        if (name) response.end(givenOf(logs[name], sinceTime));
        else refuse(response, 400, 'previous terminated container "db" in pod "a" not found');
      };
    });

    function show(name: Name, isOver = false): void {
      present = name;
      const last = before[name];
      const state = isOver ? ended(starts[name], name) : running(starts[name]);
      const db = statusOf('db', name, state, {
        restartCount: ['a', 'b', 'c'].indexOf(name),
        ...(last && { lastState: ended(starts[last], last) }),
      });
      node.show(spec, isOver ? 'Succeeded' : 'Running', db, main(isOver ? ended(starts.a) : running(starts.a)));
    }

    const markOf = (entry: Entry | undefined): string => JSON.stringify([null, [entry?.at, 1]]);
    const textOf = (...parts: Entry[][]): string => textOfEntries(parts.flat());

    it('reads all of each container while it follows', async () => {
      show('a');
      const kubelet = node.onLog;
      let opened = 0;
      node.onLog = (request, response) => {
        kubelet(request, response);
        if (request.container !== 'db') return;
        opened += 1;
        if (opened === 2) show('b');
        if (opened === 8) show('c');
        if (opened === 14) show('c', true);
      };
      expect((await node.read(spec)).text['db']).to.equal(textOf(first, second, third));
    });

    it('reads the rest of the one before when its connection was cut', async () => {
      show('a');
      const kubelet = node.onLog;
      node.onLog = (request, response) => {
        if (request.container === 'db' && present === 'a') {
          response.write(givenOf(first.slice(0, 1), request.sinceTime), () => response.destroy());
          show('b');
        } else kubelet(request, response);
        if (node.requests.length === 12) show('b', true);
      };
      expect((await node.read(spec)).text['db']).to.equal(textOf(first, second));
    });

    it('reads the rest of the one before as another worker', async () => {
      show('b', true);
      expect((await node.read(spec, markOf(first[0]))).text['db']).to.equal(textOf(first.slice(1), second));
      expect((await node.read(spec, markOf(first[1]))).text['db']).to.equal(textOf(second));
      expect((await node.read(spec, markOf(second[0]))).text['db']).to.equal(textOf(second.slice(1)));
      expect((await node.read(spec)).text['db']).to.equal(textOf(first, second));
    });

    it('says once that something may be missing where more than one was started meanwhile', async () => {
      show('c', true);
      expect((await node.read(spec, markOf(first[0]))).text['db']).to.equal(restarted + textOf(second, third));
      expect((await node.read(spec)).text['db']).to.equal(restarted + textOf(second, third));
      expect((await node.read(spec, markOf(second[0]))).text['db']).to.equal(textOf(second.slice(1), third));
      expect((await node.read(spec, markOf(third[1]))).text['db']).to.equal(undefined);
    });

    it('says so where the log of the one before is gone', async () => {
      show('b', true);
      const kubelet = node.onLog;
      node.onLog = (request, response) => {
        if (request.isPrevious) refuse(response, 400, 'previous terminated container "db" in pod "a" not found');
        else kubelet(request, response);
      };
      expect((await node.read(spec, markOf(first[0]))).text['db']).to.equal(dropped + textOf(second));
    });
  });

  it('asks for no log of a step that never began, and says nothing of it', async () => {
    spec = attemptOf('busybox', { run: 'true' }, { run: 'true' });
    const never = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } };
    const { containerID: _, ...second } = statusOf('step-1', '', never);
    node.show(spec, 'Failed', statusOf('step-0', 'c1', ended(at('12:00:00Z'))), second);
    node.onLog = ({ container, sinceTime }, response) => {
      if (container === 'step-0') response.end(givenOf(entries, sinceTime));
      else refuse(response, 400, 'container "step-1" in pod "a" is terminated');
    };
    const { text } = await node.read(spec);
    expect(Object.keys(text)).to.deep.equal(['step-0']);
    expect(text['step-0'] === textOfEntries(entries)).to.equal(true);
    expect(node.requests).to.have.length(2);
  });

  it('never takes a step for another container, whatever the clock of its node', async () => {
    // The clock was set back by an hour after the container began.
    node.show(spec, 'Succeeded', main(ended(at('13:00:00Z'))));
    node.onLog = ({ sinceTime }, response) => response.end(givenOf(entries.slice(0, 2), sinceTime));
    const position = JSON.stringify([[entries[0]?.at, 1]]);
    expect((await node.read(spec, position)).text['main']).to.equal('one\n');
  });

  it('says of a lost node that its containers have ended, so that their logs are read to their end', async () => {
    node.show(spec, 'Failed', main(running(at('12:00:00Z'))));
    node.onLog = ({ sinceTime }, response) => response.end(givenOf(entries, sinceTime));
    expect((await node.read(spec)).text['main'] === textOfEntries(entries)).to.equal(true);
    await untilFound('two readings', () => node.requests.length === 2);
  });
});
