import type Docker from 'dockerode';
import type { Reach } from '@chainr/core/model/fault-points';
import type { EventBoard } from './event-board.js';

/** What the verbs of the docker executor share. */
export interface DockerContext {
  readonly docker: Docker;
  /** The id of the instance; known once the store is started. */
  readonly instance: () => string;
  /** The networks that a job may name. */
  readonly networks: readonly string[];
  /** How long a pull that fails is tried again. */
  readonly pullPatienceMs: number;
  readonly board: EventBoard;
  readonly reach: Reach;
  /** The attempts that this executor takes from step to step, by their names; those that go may begin a step yet. */
  readonly drives: ReadonlyMap<string, { readonly isGoing: boolean }>;
}
