import { expect } from 'chai';
import { resolveSchema, schemaOf, type Schema } from '@chainr/testkit/kubernetes/schema/schemas';
import { podFields, volumeFields, type Fields } from '../../src/kubernetes/policy/known-fields.js';

/** What the policy knows and Kubernetes does not have, and the other way round, of the fields that both have. */
function differences(known: Fields, given: Schema, path: string): { invented: string[]; unknown: string[] } {
  const found = { invented: [] as string[], unknown: [] as string[] };
  if (known === 'whole') return found;
  const schema = resolveSchema(given);
  const { properties = {} } = schema.items ? resolveSchema(schema.items) : schema;
  const pathOf = (field: string) => (path === '' ? field : `${path}.${field}`);
  found.unknown.push(...Object.keys(properties).filter((field) => !Object.hasOwn(known, field)).map(pathOf)); // prettier-ignore
  for (const [field, inner] of Object.entries(known)) {
    const property = properties[field];
    if (!property) found.invented.push(pathOf(field));
    if (!property) continue;
    const { invented, unknown } = differences(inner, property, pathOf(field));
    found.invented.push(...invented);
    found.unknown.push(...unknown);
  }
  return found;
}

describe('the fields of pods that a policy knows', () => {
  const ofPods = differences(podFields, schemaOf('Pod') ?? {}, '');
  const ofVolumes = differences({ name: 'whole', ...volumeFields }, schemaOf('Volume') ?? {}, 'volumes');

  it('are fields that Kubernetes has', () => {
    expect([...ofPods.invented, ...ofVolumes.invented]).to.deep.equal([
      'spec.containers.targetContainerName',
      'spec.initContainers.targetContainerName',
    ]);
  });

  it('are all but those that lead out of the pod, or that nothing is to be chosen about', () => {
    const isOfPods = (field: string) => !/metadata|status/.test(field);
    const gmsa = ['gmsaCredentialSpec', 'gmsaCredentialSpecName'].map(
      (name) => `securityContext.windowsOptions.${name}`,
    );
    const ofSpec = ['nodeName', 'overhead', 'preemptionPolicy', 'priority', 'resourceClaims', 'schedulingGroup'];
    const lists = ['containers.', 'ephemeralContainers.', 'initContainers.', ''];
    const expected = [...ofSpec, ...lists.flatMap((list) => gmsa.map((field) => list + field))];
    expect(ofPods.unknown.filter(isOfPods)).to.have.members(expected.map((field) => `spec.${field}`));
    const ofTemplates = ['dataSource', 'dataSourceRef', 'selector', 'volumeName'];
    expect(ofVolumes.unknown.filter((field) => isOfPods(field) && field.split('.').length > 2)).to.have.members([
      ...ofTemplates.map((field) => `volumes.ephemeral.volumeClaimTemplate.spec.${field}`),
      ...['clusterTrustBundle', 'podCertificate'].map((field) => `volumes.projected.sources.${field}`),
    ]);
  });
});
