import { statfsSync } from 'node:fs';
import { errorCode, saysGone } from '../small-files.js';

/** A sentence if the folder's disk is full, for something that could not be recorded; else undefined. */
export function fullDisk(folder: string): string | undefined {
  try {
    const { bavail, ffree, files } = statfsSync(folder);
    return bavail === 0 || (files > 0 && ffree === 0) ? sentence(folder) : undefined;
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}

/** Replaces an error about a full disk by one that says so, instead of a path and a code. */
export function explainFullDisk(error: unknown, folder: string): unknown {
  return fullCodes.has(errorCode(error)) ? new Error(sentence(folder), { cause: error }) : error;
}

/** Whether an error says that the disk, or this user's quota, is full. */
export const saysFull = (error: unknown): boolean => fullCodes.has(errorCode(error));

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
const sentence = (folder: string): string => `The disk that holds ${folder} is full.`;
