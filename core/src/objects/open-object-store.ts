import { parseArchiveAddress } from '../service/archive-address.js';
import { DirectoryStore } from './directory-store.js';
import type { ObjectStore } from './object-store.js';

/** The archive of the settings; none if its address is empty. */
export function openObjectStore(archive = ''): ObjectStore | undefined {
  if (archive === '') return undefined;
  return new DirectoryStore(parseArchiveAddress(archive).path);
}
