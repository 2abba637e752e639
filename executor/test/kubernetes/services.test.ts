import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import { attemptWith, podOf, refusalOf } from './made-pod.js';

const services: ServiceSpec[] = [
  { name: 'db', image: 'postgres:17', env: { MODE: '$(X) $' }, ready: { tcp: 5432, timeoutMs: 90_000 } },
  { name: 'cache', image: 'valkey:8', env: {}, command: ['valkey-server'], args: ['--port', '$(PORT)'] },
];

describe('the services of a pod', () => {
  it('are sidecars before the steps, found by their names on the loopback address', () => {
    const { spec } = podOf({ ...attemptWith(), services });
    const init = spec?.initContainers ?? [];
    expect(init.map(({ name, restartPolicy }) => [name, restartPolicy])).to.deep.equal([
      ['db', 'Always'],
      ['cache', 'Always'],
      ['fetch', undefined],
      ['build', undefined],
    ]);
    expect(spec?.hostAliases).to.deep.equal([{ ip: '127.0.0.1', hostnames: ['db', 'cache'] }]);
    expect(init[0]?.env).to.deep.equal([{ name: 'MODE', value: '$$(X) $$' }]);
    expect(init[1]).to.deep.include({ command: ['valkey-server'], args: ['--port', '$(PORT)'] });
  });

  it('are ready when their check succeeds; the kubelet waits longer than chainr', () => {
    const checks = [{ run: 'pg_isready' }, { tcp: 5432 }, { http: { port: 8080, path: '/up?x=1' } }].map((check) => ({
      name: 'one',
      image: 'x',
      env: {},
      ready: { ...check, timeoutMs: 90_000 },
    }));
    const probes = checks.map(
      (service) => podOf({ ...attemptWith(), services: [service] }).spec?.initContainers?.[0]?.startupProbe,
    );
    expect(probes[0]?.exec).to.deep.equal({ command: ['/bin/sh', '-e', '-c', 'pg_isready'] });
    expect(probes[1]?.tcpSocket).to.deep.equal({ port: 5432 });
    expect(probes[2]?.httpGet).to.deep.equal({ port: 8080, path: '/up?x=1' });
    for (const probe of probes) {
      expect((probe?.failureThreshold ?? 0) * (probe?.periodSeconds ?? 0)).to.be.above(90);
    }
  });

  it('fit settings of the pod, and can be patched where chainr does not rely on them', () => {
    const kubernetes = {
      nodeSelector: { disk: 'ssd' },
      podPatch: { spec: { initContainers: [{ name: 'db', securityContext: { runAsUser: 999 } }] } },
    };
    const { spec } = podOf({ ...attemptWith(kubernetes), services });
    expect(spec?.initContainers?.[0]?.securityContext?.runAsUser).to.equal(999);
  });

  it('cannot be removed, started differently or declared ready by a patch', () => {
    const refusalFor = (patch: object) =>
      refusalOf({ ...attemptWith({ podPatch: { spec: { initContainers: [patch] } } }), services });
    expect(refusalFor({ name: 'db', $patch: 'delete' })).to.contain('the services and their order');
    expect(refusalFor({ name: 'db', startupProbe: null })).to.contain('spec.initContainers[db].startupProbe');
    expect(refusalFor({ name: 'cache', restartPolicy: null })).to.contain('spec.initContainers[cache].restartPolicy');
  });
});
