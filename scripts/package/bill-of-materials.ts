import { packagesOf, type LockedPackage } from './locked-packages.js';

/**
 * What an image contains besides its base, as CycloneDX 1.6 (JSON, https://cyclonedx.org/docs/1.6/json). `npm sbom`
 * cannot say it: it demands a version of the repository itself, and lists optional packages that no image has. The same
 * lock file gives the same text, so it has neither a time nor a serial number.
 *
 * @param workspace the folder of the one that the image is made for
 */
export function billOfMaterials(workspace: string): string {
  const packages = packagesOf(workspace);
  // A package that is installed in two folders is one component.
  const distinct = new Map(packages.map((found) => [purl(found), found]));
  const whole = packages.find(({ folder }) => folder === workspace);
  if (!whole) throw new Error(`package-lock.json has no workspace ${workspace}`);
  distinct.delete(purl(whole));
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...component(whole), type: 'application' } },
    components: [...distinct.values()].map(component),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/** https://github.com/package-url/purl-spec: the `@` of a scope is encoded. */
function purl({ name, version }: LockedPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function component(found: LockedPackage): object {
  const { name, version, license, integrity } = found;
  const [, algorithm, digest] = /^sha(\d+)-(.*)$/.exec(integrity ?? '') ?? [];
  const hashes =
    algorithm === undefined || digest === undefined
      ? {}
      : { hashes: [{ alg: `SHA-${algorithm}`, content: Buffer.from(digest, 'base64').toString('hex') }] };
  return {
    type: 'library',
    'bom-ref': purl(found),
    name,
    version,
    purl: purl(found),
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...hashes,
  };
}
