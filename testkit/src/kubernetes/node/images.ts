import { createHash } from 'node:crypto';

/** What a container starts from. All images have the programs of this machine. */
export interface Image {
  /** In place of a command that the container does not give. */
  entrypoint?: readonly string[];
  /** In place of arguments that the container does not give. */
  cmd?: readonly string[];
  /** The user that the image sets; root if absent. */
  user?: number;
  /** Whether it must be pulled first; otherwise it is on the node. */
  isRemote?: boolean;
}

/** The images that exist, by the names that pods give. */
export type Images = Readonly<Record<string, Image>>;

export const usualImages: Images = {
  busybox: { cmd: ['sh'] },
  'busybox:latest': { cmd: ['sh'] },
  alpine: { cmd: ['/bin/sh'] },
  'alpine:latest': { cmd: ['/bin/sh'] },
  node: { entrypoint: ['node'] },
  'node:latest': { entrypoint: ['node'] },
};

/** The name with its registry and tag: `docker.io/library/busybox:latest`. */
export function fullImageName(image: string): string {
  const [first = ''] = image.split('/');
  const hasHost = image.includes('/') && /[.:]|^localhost$/.test(first);
  const named = hasHost ? image : `docker.io/${image.includes('/') ? '' : 'library/'}${image}`;
  return /:[^/]+$|@/.test(named) ? named : `${named}:latest`;
}

export function imageIdOf(image: string): string {
  const name = fullImageName(image);
  return `${name.replace(/:[^/]+$/, '')}@sha256:${createHash('sha256').update(name).digest('hex')}`;
}

/** Why an image cannot be pulled, in the words of containerd. No host has a name that ends with `.invalid`. */
export function pullFailureOf(image: string): string {
  const name = fullImageName(image);
  const what = `failed to pull and unpack image "${name}": failed to resolve reference "${name}"`;
  const [host = '', ...rest] = name.split('/');
  if (!host.endsWith('.invalid')) return `rpc error: code = NotFound desc = ${what}: ${name}: not found`;
  const url = `https://${host}/v2/${rest.join('/').replace(/:([^:]*)$/, '/manifests/$1')}`;
  const why = `failed to do request: Head "${url}": dial tcp: lookup ${host}: no such host`;
  return `rpc error: code = Unknown desc = ${what}: ${why}`;
}

/** Why a name cannot be that of an image; undefined if it can. */
export function nameMistakeOf(image: string): string | undefined {
  const [name = '', tag] = (image.split('@')[0] ?? '').split(/:(?=[^/]*$)/);
  const isName = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
  const [host = '', ...rest] = name.split('/');
  const parts = rest.length > 0 && /[.:]|^localhost$/.test(host) ? rest : [host, ...rest];
  if (parts.every((part) => isName.test(part)) && (tag === undefined || /^\w[\w.-]{0,127}$/.test(tag)))
    return undefined;
  const upper = parts.some((part) => /[A-Z]/.test(part));
  const repository = parts.length === 1 ? `library/${name.split(':')[0] ?? ''}` : parts.join('/');
  const why = upper ? `: repository name (${repository}) must be lowercase` : '';
  return `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format${why}`;
}
