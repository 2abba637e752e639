import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { fileVariable } from '../../core/src/service/settings.js';
import { settingsOf } from '../../scripts/service-settings.js';
import { checkManifest } from '../suite/check-manifest.js';
import { podsOf, readManifests, topologies } from '../suite/manifests.js';

const services = ['gate', 'sched', 'notif', 'ui', 'work', 'recycle'];

for (const topology of topologies) {
  describe(`the manifests of topology ${topology}`, () => {
    const manifests = readManifests(topology);
    const pods = podsOf(manifests);
    const containers = pods.flatMap(({ containers }) => containers);

    it('are what the schemas of Kubernetes allow, without an unknown field', () => {
      expect(manifests).to.have.length.above(5);
      expect(manifests.flatMap((each) => checkManifest({ ...each }))).to.deep.equal([]);
    });

    it('are all in the kustomization', () => {
      const { resources } = parse(readFileSync(`deploy/kustomize/${topology}/kustomization.yaml`, 'utf8')) as {
        resources: string[];
      };
      const files = readdirSync(`deploy/kustomize/${topology}`, { recursive: true, encoding: 'utf8' });
      expect(resources).to.have.members(
        files.filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml'),
      );
    });

    it('run every service once, and Redis', () => {
      expect(containers.map(({ name }) => name)).to.have.members([...services, 'redis']);
      for (const { name, args } of containers.filter((each) => each.name !== 'redis'))
        expect(args).to.deep.equal([name]);
    });

    it('set only variables that are settings of their service', async () => {
      for (const { name, env = [] } of containers.filter((each) => each.name !== 'redis')) {
        const known = (await settingsOf(name)).flatMap((setting) => [setting.env, fileVariable(setting)]);
        expect(known, name).to.include.members(env.map((each) => each.name));
      }
    });

    it('fit the Pod Security level restricted, with a root file system that cannot be written', () => {
      for (const { name, spec, containers } of pods) {
        expect(spec.securityContext, name).to.deep.include({
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        for (const container of containers) {
          expect(container.securityContext, `${name} ${container.name}`).to.deep.include({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
        }
        const kinds = (spec.volumes ?? []).flatMap(({ name: _name, ...source }) => Object.keys(source));
        expect(['secret', 'configMap', 'projected', 'persistentVolumeClaim']).to.include.members(kinds);
      }
    });

    it('give a token of the cluster only to the container of work', () => {
      const tokens = pods.flatMap(({ spec, containers }) => {
        expect(spec.automountServiceAccountToken).to.equal(false);
        const projected = (spec.volumes ?? []).filter((volume) => 'projected' in volume).map(({ name }) => name);
        return containers.filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => projected.includes(name)));
      });
      expect(tokens.map(({ name }) => name)).to.deep.equal(['work']);
      const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
      expect(accounts).to.have.members(['chainr', 'chainr-work']);
      expect(
        pods
          .filter(({ containers }) => containers.some(({ name }) => name === 'work'))
          .map(({ spec }) => spec.serviceAccountName),
      ).to.deep.equal(['chainr-work']);
    });

    it('give rights to work only, and those of docs/kubernetes.md without Secrets', () => {
      const page = readFileSync('docs/kubernetes.md', 'utf8');
      const [, written = ''] = /```yaml\n(apiVersion: rbac[^]*?)```/.exec(page) ?? [];
      const documented = (parse(written) as { rules: { resources: string[]; resourceNames?: string[] }[] }).rules
        .filter(({ resources }) => !resources.includes('secrets'))
        .map(({ resourceNames: _names, ...rule }) => rule);
      const roles = manifests.filter(({ rules }) => rules !== undefined);
      expect(roles.map(({ kind, rules }) => ({ kind, rules }))).to.deep.equal([{ kind: 'Role', rules: documented }]);
    });

    it('stop later than a service needs to hand over, and probe every container', () => {
      for (const { name, spec, containers } of pods) {
        expect(spec.terminationGracePeriodSeconds, name).to.be.above(35);
        for (const container of containers) {
          expect(container, `${name} ${container.name}`).to.include.keys(
            'readinessProbe',
            'livenessProbe',
            'resources',
          );
        }
      }
    });

    it('let only those reach a pod that have a reason', () => {
      const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name);
      const guarded = topology === 'split' ? [...services, 'redis'] : ['gate'];
      expect(policies).to.have.members(guarded.map((name) => `chainr-${name}`));
    });
  });
}

describe('the check of manifests', () => {
  const [service] = readManifests('split').filter(({ kind }) => kind === 'Service');
  const changed = (change: object): string[] => checkManifest({ ...service, ...change });

  it('finds an unknown field, a wrong type, a missing field, a wrong version and an unknown kind', () => {
    expect(changed({})).to.deep.equal([]);
    expect(changed({ spec: { selectors: {} } })).to.deep.equal(['Service.spec.selectors is unknown']);
    expect(changed({ spec: { ports: [{ port: '80' }] } })).to.deep.equal([
      'Service.spec.ports[0].port has a wrong type',
    ]);
    expect(changed({ spec: { ports: [{}] } })).to.deep.equal(['Service.spec.ports[0].port is missing']);
    expect(changed({ apiVersion: 'v2' })).to.deep.equal(['Service.apiVersion is v2']);
    expect(changed({ kind: 'Servce' })).to.deep.equal(['there is no schema of the kind Servce']);
  });
});
