import { readFileSync } from 'node:fs';
import { readIfThere } from './small-files.js';

/**
 * Identifies a process. A pid alone may have been reused. The start time is field 22 of `/proc/<pid>/stat` (clock ticks
 * since boot, proc(5)), so it is valid only within one boot.
 */
export interface Identity {
  pid: number;
  startTime: number;
  bootId: string;
}

export interface ProcessStat {
  pid: number;
  /** The state letter of proc(5). */
  state: string;
  parent: number;
  session: number;
  startTime: number;
}

/** Parses the first three words of a record; undefined if it is incomplete (a complete record ends with a newline). */
export function parseIdentity(record: string): Identity | undefined {
  const match = /^([1-9]\d*) (\d+) (\S+)(?: [^\n]*)?\n/.exec(record);
  return match ? { pid: Number(match[1]), startTime: Number(match[2]), bootId: match[3] ?? '' } : undefined;
}

/** The kernel's data about a process; undefined if there is none, or it is a zombie. */
export function readStat(pid: number, procFolder = '/proc'): ProcessStat | undefined {
  const text = readIfThere(`${procFolder}/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the name in parentheses, which may itself contain parentheses and spaces.
  const [state = '', parent, , session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, state, parent: Number(parent), session: Number(session), startTime: Number(rest[15]) };
}

const bootIds = new Map<string, string>();

/** Read once: this process does not outlive a boot. */
export function readBootId(procFolder = '/proc'): string {
  const known = bootIds.get(procFolder);
  if (known !== undefined) return known;
  const bootId = readFileSync(`${procFolder}/sys/kernel/random/boot_id`, 'utf8').trim();
  bootIds.set(procFolder, bootId);
  return bootId;
}

export function isAlive(identity: Identity, procFolder = '/proc'): boolean {
  return (
    readStat(identity.pid, procFolder)?.startTime === identity.startTime && readBootId(procFolder) === identity.bootId
  );
}
