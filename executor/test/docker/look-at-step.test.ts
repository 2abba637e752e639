import { expect } from 'chai';
import type Docker from 'dockerode';
import { describe, it } from 'mocha';
import { lookAtStep, type StepSight } from '../../src/docker/watch/look-at-step.js';
import { attemptLabels, labels } from '../../src/docker/names.js';
import { contextOf } from './docker-context.js';

const instance = 'some-instance';
const key = { run: 'some-run', job: 'some-job', attempt: 1 };
const zero = '0001-01-01T00:00:00Z';
const [began, ended] = ['2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'];
const ofLastStep = { [labels.step]: '0', [labels.steps]: '1' };

/** What `lookAtStep` sees if the daemon reports this state of the container. */
function sightOf(state: object, more: Record<string, string> = attemptLabels(instance, key)): Promise<StepSight> {
  const State = { StartedAt: began, FinishedAt: zero, ExitCode: 0, OOMKilled: false, Error: '', ...state };
  const inspect = () =>
    Promise.resolve({ Id: 'some-id', State, Config: { Labels: { ...ofLastStep, ...more } }, HostConfig: {} });
  const docker = { getContainer: () => ({ inspect }) } as unknown as Docker;
  return lookAtStep(contextOf(docker, instance), key, 0);
}

describe('the state of a container', () => {
  it('is ended only if it was started and has an exit code', async () => {
    const over = { FinishedAt: ended, ExitCode: 3 };
    for (const Status of ['exited', 'dead', 'removing']) {
      expect(await sightOf({ Status, ...over }), Status).to.include({ kind: 'exited', exitCode: 3 });
      expect(await sightOf({ Status, StartedAt: zero }), Status).to.include({ kind: 'created' });
    }
  });

  it('never ended before it began, though the daemon learned later that it had started', async () => {
    const short = { Status: 'exited', StartedAt: ended, FinishedAt: began };
    expect(await sightOf(short)).to.include({ startedAt: Date.parse(ended), endedAt: Date.parse(ended) });
  });

  it('is running while it is removed by force', async () => {
    const killed = { Status: 'removing', FinishedAt: ended, ExitCode: 137 };
    expect(await sightOf(killed)).to.include({ kind: 'running' });
  });

  it('is running while it is paused or restarting', async () => {
    for (const Status of ['running', 'paused', 'restarting']) {
      expect(await sightOf({ Status }), Status).to.include({ kind: 'running', startedAt: Date.parse(began) });
    }
  });

  it('is refused if the daemon says why it did not start', async () => {
    const sight = await sightOf({ Status: 'created', StartedAt: zero, ExitCode: 127, Error: 'no such file' });
    expect(sight).to.deep.include({ kind: 'created', refusal: { exitCode: 127, message: 'no such file' } });
  });

  describe('that ended with 127, whose script may have found no shell', () => {
    const notThere = Object.assign(new Error('not there'), { statusCode: 404 });
    const stat = Buffer.from(JSON.stringify({ linkTarget: '' })).toString('base64');
    const found = { headers: { 'x-docker-container-path-stat': stat }, resume: () => undefined };
    /** @param looks how often the container is found before it is removed */
    const sightAfter = (looks: number, hasShell: boolean, init = true): Promise<StepSight> => {
      const State = {
        Status: 'exited',
        StartedAt: began,
        FinishedAt: ended,
        ExitCode: 127,
        OOMKilled: false,
        Error: '',
      };
      const Config = { Labels: { ...ofLastStep, ...attemptLabels(instance, key) } };
      let left = looks;
      const inspect = () =>
        left-- > 0
          ? Promise.resolve({ Id: 'some-id', State, Config, HostConfig: { Init: init } })
          : Promise.reject(notThere);
      const infoArchive = () => (left > 0 && hasShell ? Promise.resolve(found) : Promise.reject(notThere));
      const docker = { getContainer: () => ({ inspect, infoArchive }) } as unknown as Docker;
      return lookAtStep(contextOf(docker, instance), key, 0);
    };

    it('has none if the container exists and the file does not', async () => {
      expect(await sightAfter(9, false)).to.include({ kind: 'exited', exitCode: 127, withoutShell: true });
    });

    it('has one if the file exists', async () => {
      expect(await sightAfter(9, true)).to.include({ kind: 'exited', exitCode: 127, withoutShell: false });
    });

    it('is unknown if the container was removed meanwhile', async () => {
      for (const hasShell of [true, false])
        expect(await sightAfter(1, hasShell)).to.include({ kind: 'exited', exitCode: 127, withoutShell: false });
    });

    it('needs none for a command', async () => {
      expect(await sightAfter(9, false, false)).to.include({ kind: 'exited', withoutShell: false });
    });
  });

  it("is somebody else's where the label of this instance is missing", async () => {
    const sight = await sightOf({ Status: 'running' }, attemptLabels('another-instance', key));
    expect(sight).to.have.nested.property('tombstone.reason', 'ConfigError');
  });
});
