import type { Capabilities } from '../src/port.js';

/** What the Kubernetes executor is expected to be capable of. */
export const kubernetesCapabilities: Capabilities = {
  image: true,
  memoryLimit: true,
  workspacePath: '/shared',
  output: true,
  separateStreams: false,
  checksLoopback: false,
  restartsServices: true,
  exactOutput: false,
  rotatesOutput: true,
  replaceableOutputFile: false,
  timeStepMs: 1000,
  unfinishedLines: false,
  manyOwners: true,
  refusesMissingWorkdir: false,
  startsAtCreation: true,
  services: true,
  canVanish: true,
};
