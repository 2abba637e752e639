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

/** Why an image cannot be pulled, in the words of containerd. */
export function pullFailureOf(image: string): string {
  const name = fullImageName(image);
  return `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`;
}
