/** What is put: its chunks can be read again, since a failed request is repeated. */
export interface ObjectContent {
  /** In bytes. */
  size: number;
  readonly chunks: () => AsyncIterable<Buffer>;
}

/**
 * Objects by name, in a directory or in an S3-compatible store. A name consists of letters, digits, `-`, `_` and `.`, with
 * `/` between its parts; a prefix is a name that ends with `/`.
 *
 * Every method throws ObjectStoreUnavailable if the store cannot do what it is asked for.
 */
export interface ObjectStore {
  /** For messages; without keys. */
  readonly address: string;
  /**
   * Stores a whole object, in place of one that has this name. Once it resolves, the object is durable; until then a
   * reader sees the former one or none. An error of `chunks` is thrown unchanged.
   */
  put(name: string, content: ObjectContent, signal: AbortSignal): Promise<void>;
  /** The bytes from `from` to before `to`, at least one, which the object must have; undefined if there is no object. */
  read(name: string, from: number, to: number): Promise<Buffer | undefined>;
  /** Removes all objects whose names begin with a prefix. */
  remove(prefix: string): Promise<void>;
}

/** The store does not answer, refuses, or has an object that is damaged. The message names the store and the cause. */
export class ObjectStoreUnavailable extends Error {
  override name = 'ObjectStoreUnavailable';
}

const names = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** @throws RangeError if a name, or a prefix without its last `/`, is of another form: it could leave the directory */
export function checkObjectName(name: string): string {
  if (!names.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of an object`);
  return name;
}
