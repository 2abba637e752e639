import type Docker from 'dockerode';
import { noFaults } from '@chainr/core/engine/fault-points';
import type { DockerContext } from '../../src/docker/context.js';
import { EventBoard } from '../../src/docker/watch/event-board.js';

/** The context of the Docker executor, for a test of one part: without retries, and nothing runs by itself. */
export function contextOf(docker: Docker, instanceId: string): DockerContext {
  const instance = (): string => instanceId;
  return {
    docker,
    instance,
    networks: [],
    helperImage: 'busybox',
    pullPatienceMs: 0,
    startPatienceMs: 0,
    board: new EventBoard(docker, instance),
    reach: noFaults,
    isDriven: () => false,
  };
}
