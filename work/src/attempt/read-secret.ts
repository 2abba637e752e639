import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipelineLimits } from '@chainr/core/pipeline/limits';
import type { ClusterValue } from '@chainr/core/pipeline/pipeline';
import type { KeptSecret } from '@chainr/executor/port';
import type { WorkConfig } from '../config.js';

/** Where a worker looks for secrets. */
export type SecretSources = Pick<WorkConfig, 'secretsDir' | 'secretsEnv' | 'secretVariables'>;

/**
 * The value of a secret, and where the executor can take it from itself; or the end of the sentence "The secret "x" …" that
 * says why there is none and what helps.
 */
export type FoundSecret = { value: string; place?: ClusterValue } | { refusal: string };

/**
 * Reads a secret: what the executor has found (`kept`), else a file of that name in the worker's folder, else a variable of the worker. It is read each time, so
 * that a change applies to later attempts. Throws if the disk fails.
 */
export async function readSecret(sources: SecretSources, name: string, kept?: KeptSecret): Promise<FoundSecret> {
  if (kept && 'refusal' in kept) return kept;
  if (kept && 'bytes' in kept) {
    const found = textOf(kept.bytes);
    return 'value' in found && kept.place ? { ...found, place: kept.place } : found;
  }
  const { secretsDir, secretsEnv, secretVariables } = sources;
  if (secretsDir === '' && secretsEnv === '' && !kept) {
    return { refusal: 'cannot be read: this worker has no secrets; set its CHAINR_SECRETS_DIR or CHAINR_SECRETS_ENV' };
  }
  const fromFile = secretsDir === '' ? undefined : await readSecretFile(secretsDir, name);
  if (fromFile) return fromFile;
  const variable = variableOf(secretsEnv, name);
  const value = secretsEnv === '' ? undefined : secretVariables.get(variable);
  if (value !== undefined) return { value };
  const places = [
    ...(kept ? [kept.missing] : []),
    ...(secretsDir === '' ? [] : ['a file of that name in its CHAINR_SECRETS_DIR']),
    ...(secretsEnv === '' ? [] : [`its variable ${variable}`]),
  ];
  return { refusal: `does not exist: give it to the worker as ${places.join(' or ')}` };
}

/** `db-password` → `CHAINR_SECRET_DB_PASSWORD`, for the prefix `CHAINR_SECRET_`. */
const variableOf = (prefix: string, name: string): string => prefix + name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** Undefined if there is no such file. Links may lead anywhere within the folder, as Kubernetes' do. */
async function readSecretFile(folder: string, name: string): Promise<FoundSecret | undefined> {
  try {
    const home = await realpath(folder);
    const file = await realpath(path.join(home, name));
    if (!file.startsWith(`${home}${path.sep}`)) return { refusal: 'is a link that leads out of CHAINR_SECRETS_DIR' };
    const found = await stat(file);
    if (!found.isFile()) return { refusal: 'is not a regular file in CHAINR_SECRETS_DIR' };
    if (found.size > pipelineLimits.argumentBytes) return { refusal: 'is longer than a variable can be' };
    return valueOf(await readFile(file));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') return { refusal: 'cannot be read by the worker: fix the permissions of its file' };
    throw error;
  }
}

/** Editors and `echo` end a file with a newline, which is not part of the secret. */
function valueOf(bytes: Buffer): FoundSecret {
  const found = textOf(bytes);
  return 'value' in found ? { value: found.value.replace(/\r?\n$/, '') } : found;
}

function textOf(bytes: Buffer): FoundSecret {
  if (bytes.length > pipelineLimits.argumentBytes) return { refusal: 'is longer than a variable can be' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (text.includes('\0')) return { refusal: 'contains a zero byte, which a variable cannot hold' };
    return { value: text };
  } catch {
    return { refusal: 'is not valid UTF-8, so a variable cannot hold it' };
  }
}
