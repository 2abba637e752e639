import { join } from 'node:path';
import { attemptFiles } from '../attempt-folder.js';
import { isAlive, parseIdentity, type Identity } from '../identity.js';
import { namesIfThere, readIfThere } from '../small-files.js';

/** An attempt's supervisor, from its `started` record. */
export interface Supervisor extends Identity {
  /** For each step, whether its failure is tolerated. */
  tolerated: readonly boolean[];
}

/** Why an attempt's name was taken without a start. */
export type Tombstone = { why: 'canceled' } | { why: 'refused'; message: string };

/** The end of an attempt: exit codes of the steps that ran, in order. */
export interface EndRecord {
  codes: readonly number[];
  /** A step was not started because of a stop. */
  stopped: boolean;
}

/** The state of an attempt according to its files, and whether its supervisor lives. */
export type Sight =
  /** Nobody has taken its name or is about to. */
  | { kind: 'nothing' }
  /** A living process is about to take its name. */
  | { kind: 'claimed' }
  | { kind: 'tombstone'; tombstone: Tombstone }
  | { kind: 'running'; supervisor: Supervisor }
  | { kind: 'ended'; end: EndRecord }
  /** The supervisor died without recording the end; undefined: it died before it had started anything. */
  | { kind: 'abandoned'; supervisor: Supervisor | undefined };

export function lookAtAttempt(path: string): Sight {
  const ended = readEnd(path);
  if (ended) return ended;
  const started = readIfThere(join(path, attemptFiles.started));
  // An empty record: its process is between creating and writing it, or was killed there before anything started.
  if (!started?.endsWith('\n')) {
    if (claims(path).some((claim) => isAlive(claim))) return { kind: 'claimed' };
    // Read again, since the process that claimed it may have ended between the two looks.
    if (readIfThere(join(path, attemptFiles.started)) !== started) return lookAtAttempt(path);
    return started === undefined ? { kind: 'nothing' } : { kind: 'abandoned', supervisor: undefined };
  }
  const tombstone = parseTombstone(started);
  if (tombstone) return { kind: 'tombstone', tombstone };
  const supervisor = parseSupervisor(started);
  if (!supervisor) throw new Error(`${path}/${attemptFiles.started} is not a record of chainr.`);
  if (isAlive(supervisor)) return { kind: 'running', supervisor };
  // It may have ended normally between the first look and this one.
  return readEnd(path) ?? { kind: 'abandoned', supervisor };
}

export function writeTombstone(tombstone: Tombstone): string {
  return tombstone.why === 'canceled' ? 'canceled\n' : `refused ${JSON.stringify(tombstone.message)}\n`;
}

function parseTombstone(record: string): Tombstone | undefined {
  if (record === 'canceled\n') return { why: 'canceled' };
  if (!record.startsWith('refused ')) return undefined;
  return { why: 'refused', message: String(JSON.parse(record.slice('refused '.length))) };
}

function parseSupervisor(record: string): Supervisor | undefined {
  const identity = parseIdentity(record);
  const digits = /^\S+ \S+ \S+ ([01]+)\n$/.exec(record)?.[1];
  return identity && digits ? { ...identity, tolerated: Array.from(digits, (digit) => digit === '1') } : undefined;
}

function readEnd(path: string): Extract<Sight, { kind: 'ended' }> | undefined {
  const words = /^ended((?: \S+)*)\n/.exec(readIfThere(join(path, attemptFiles.exit)) ?? '')?.[1]?.trim();
  if (words === undefined) return undefined;
  const stopped = words.endsWith('stopped');
  const codes = words.split(' ').flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []));
  return { kind: 'ended', end: { codes, stopped } };
}

function claims(path: string): Identity[] {
  return namesIfThere(path).flatMap((name) => {
    if (!name.startsWith(attemptFiles.claimPrefix)) return [];
    return parseIdentity(readIfThere(join(path, name)) ?? '') ?? [];
  });
}
