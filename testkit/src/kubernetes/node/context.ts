import type { ObjectStore } from '../store/object-store.js';
import type { Images } from './images.js';
import type { Machine } from './machine.js';
import type { OutputPipes } from './output-pipes.js';

/** What the parts of the node share. */
export interface NodeContext {
  store: ObjectStore;
  machine: Machine;
  pipes: OutputPipes;
  images: Images;
  settings: NodeSettings;
}

export interface NodeSettings {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** What pods may request in total. */
  cpu: number;
  /** In bytes. */
  memory: number;
  pods: number;
  /** The pause before the node tries again what failed: a pull, a Secret that does not exist. */
  retryMs: number;
  /** The size at which the log of a container goes on in another file. */
  logFileBytes: number;
  /** How often that size is looked at. */
  logRotationMs: number;
  /** How long the logs of a pod that was deleted while it ran can still be read. */
  deletedLogsMs: number;
}
