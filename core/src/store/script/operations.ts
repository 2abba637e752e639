import type { Argument } from './pack-operations.js';

/** The lease under which an operation is asked for; it comes first. */
const lease = ['uid', 'index', 'attempt', 'epoch', 'owner'] as const;
const ages = ['scheduled', 'pulled', 'started'] as const;
const outcome = ['reason', 'exit', 'text', 'steps', 'runtime', ...ages] as const;

/**
 * The arguments of each operation, in their order; each file of `lua/operations` says what its own mean. What is listed
 * behind them (`rest`) has no names: the leases of `renew` and `release`, the dependents of `reopen`, the fields of `create`.
 */
export const operationArguments = {
  lease,
  'append-log': [...lease, 'length', 'bytes', 'frames', 'position', 'ends'],
  adopt: [...lease, 'new_owner', 'new_executor', 'ttl', 'owner_gone'],
  'archive-log': ['uid', 'index', 'attempt'],
  'begin-archive': ['uid'],
  cancel: ['uid'],
  claim: ['uid', 'index', 'attempt', 'owner', 'executor', 'ttl', 'pool'],
  close: [...lease, 'removal_grace'],
  create: [
    'uid',
    'pool',
    'pools',
    'info',
    'jobs',
    'idempotency',
    'body_hash',
    'external_id',
    'roots',
    'backlog',
    'flags',
    'priority',
    'max_parallel',
    'timeout',
    'successful',
    'skipped',
    'field_count',
    'indexes',
    'shared',
    'source',
  ],
  delete: ['uid', 'indexes'],
  expire: ['limit'],
  finish: [...lease, ...outcome, 'fuse_ttl', 'close_grace', 'fuse_at_most', 'outputs', 'log_length'],
  interrupt: lease,
  redeliver: ['uid', 'index', 'attempt', 'pool'],
  release: ['executor'],
  remove: ['uid', 'index', 'attempt'],
  'remove-logs': ['uid', 'index', 'attempt'],
  renew: ['executor', 'ttl'],
  reopen: ['uid', 'index'],
  report: [...lease, 'reason', 'text', ...ages, 'timeout', 'pending_timeout'],
  requeue: [...lease, 'reason', 'text', 'removal_grace', 'log_length'],
  resume: ['uid'],
  retry: [...lease, ...outcome, 'removal_grace', 'log_length', 'limit', 'initial', 'factor', 'longest'],
  start: [...lease, 'starts'],
} as const;

export type OperationName = Exclude<keyof typeof operationArguments, 'lease'>;
/** The arguments of an operation by their names. What is absent is sent as an empty text. */
export type OperationArguments<Name extends OperationName> = Readonly<
  Record<(typeof operationArguments)[Name][number], Argument | undefined>
>;

/** The arguments in the order in which Lua reads them. */
export function listArguments<Name extends OperationName>(
  name: Name,
  named: OperationArguments<Name>,
  rest: readonly Argument[] = [],
): Argument[] {
  const listed = operationArguments[name].map((key) => (named as Readonly<Record<string, Argument | undefined>>)[key] ?? ''); // prettier-ignore
  return rest.length === 0 ? listed : [...listed, ...rest];
}

/** `local ARG = { finish = { uid = 1, … }, … }`: an operation reads `a[ARG.finish.uid]`. */
export const luaArguments = `local ARG = {\n${Object.entries(operationArguments)
  .map(([name, names]) => `  ['${name}'] = { ${names.map((key, at) => `${key} = ${String(at + 1)}`).join(', ')} },`)
  .join('\n')}\n}`;
