import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readStat, type ProcessStat } from '../../src/process/identity.js';

function livingProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
}

/** The children of this process whose command line contains the text. */
export function childrenNamed(text: string): number[] {
  return livingProcesses()
    .filter(({ pid, parent }) => parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text))
    .map(({ pid }) => pid);
}

export function sessionOf(leader: number): number[] {
  return livingProcesses()
    .filter(({ session }) => session === leader)
    .map(({ pid }) => pid);
}

/** The script of the first step of an attempt. */
export function firstScriptIn(folder: string): string {
  const name = readdirSync(folder).find((each) => each.endsWith('.0.sh'));
  if (name === undefined) throw new Error(`${folder} holds no script.`);
  return join(folder, name);
}
