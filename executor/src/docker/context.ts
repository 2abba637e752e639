import type Docker from 'dockerode';
import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { AttemptKey } from '../port.js';
import type { EventBoard } from './watch/event-board.js';

/** What the verbs of the docker executor share. */
export interface DockerContext {
  readonly docker: Docker;
  /** The id of the instance; known once the store is started. */
  readonly instance: () => string;
  /** The networks that a job may name. */
  readonly networks: readonly string[];
  /** The image that holds the network of services and checks their ports. */
  readonly helperImage: string;
  /** How long a failing pull is retried. */
  readonly pullPatienceMs: number;
  /** How long to retry a start that an answering daemon refuses with errors of its own. */
  readonly startPatienceMs: number;
  readonly board: EventBoard;
  readonly reach: FaultHook;
  /** Whether this executor is driving the attempt, even if the daemon is away at the moment. */
  readonly isDriven: (key: AttemptKey) => boolean;
}
