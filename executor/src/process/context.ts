import { join } from 'node:path';
import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { AttemptKey, WriteGuard } from '../port.js';
import type { Environment } from './start/attempt-environment.js';
import { attemptFolder } from './attempt-folder.js';
import type { EscapeSweep } from './end/escape-sweep.js';
import type { Launcher, StartRequest } from './start/launcher.js';
import type { Segment } from './output/segment-files.js';
import type { WatchBoard } from './watch/watch-board.js';

/** A requested start. Until its `started` file is seen it may have to be requested again. */
export interface PendingStart {
  request: StartRequest;
  guard: WriteGuard;
  /** By the monotonic clock, milliseconds. */
  sentAt: number;
}

/** Reports problems outside the work of an attempt. The error names the place. */
export type OnTrouble = (what: string, error: Error) => void;

/** What the verbs of the process executor share. */
export interface ProcessContext {
  /** The folder of all attempts, absolute. */
  readonly attempts: string;
  readonly instance: string;
  readonly base: Environment;
  readonly envProgram: string;
  readonly launcher: Launcher;
  readonly board: WatchBoard;
  readonly escapes: EscapeSweep;
  /** How far an attempt's output was removed, by its folder as below. */
  readonly removedUpTo: Map<string, Segment>;
  /** By the attempt's folder, relative to that of all attempts. */
  readonly pendingStarts: Map<string, PendingStart>;
  readonly reach: FaultHook;
  readonly onTrouble: OnTrouble;
  /** A new, unused name for a set of step scripts. */
  readonly nextPlan: () => string;
}

export const pathOf = (context: ProcessContext, key: AttemptKey): string => join(context.attempts, attemptFolder(key));
