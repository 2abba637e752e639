import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExclusively, readIfThere } from './small-files.js';

/** The machine-id(5), or if there is none, an id that is created once and kept in the folder: 32 hex digits. */
export function machineId(folder: string, systemFile = '/etc/machine-id'): string {
  const system = readIfThere(systemFile)?.trim() ?? '';
  if (/^[0-9a-f]{32}$/.test(system)) return system;
  const file = join(folder, 'machine-id');
  createExclusively(file, `${randomBytes(16).toString('hex')}\n`);
  return readFileSync(file, 'utf8').trim();
}
