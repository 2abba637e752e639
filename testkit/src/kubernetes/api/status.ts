/** The refusals of the API server: https://github.com/kubernetes/apimachinery, `pkg/api/errors/errors.go`. */

export interface StatusCause {
  reason?: string;
  message: string;
  field?: string;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Failure';
  message: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  code: number;
}

/** What a handler throws to refuse a request. */
export class ApiError extends Error {
  readonly status: Status;
  constructor(code: number, reason: string | undefined, message: string, details?: Status['details']) {
    super(message);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason !== undefined && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

/** The resource of a message: `pods`, `jobs.batch`. */
export interface Named {
  plural: string;
  group: string;
}

const inGroup = ({ plural, group }: Named): string => (group === '' ? plural : `${plural}.${group}`);

const detailsOf = ({ plural, group }: Named, name: string): Status['details'] => ({
  ...(name !== '' && { name }),
  ...(group !== '' && { group }),
  kind: plural,
});

export function notFound(of: Named, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${inGroup(of)} "${name}" not found`, detailsOf(of, name));
}

export function alreadyExists(of: Named, name: string, isBeingDeleted: boolean): ApiError {
  const message = `${inGroup(of)} "${name}" already exists`;
  const shown = isBeingDeleted ? `object is being deleted: ${message}` : message;
  return new ApiError(409, 'AlreadyExists', shown, detailsOf(of, name));
}

/** @param subject the resource, or the kind if it is a precondition that failed */
export function conflict(subject: string, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${subject} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, { name, kind: subject });
}

export function forbidden(of: Named, name: string, why: string): ApiError {
  const subject = name === '' ? inGroup(of) : `${inGroup(of)} "${name}"`;
  return new ApiError(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(of, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** A mistake in a field, in the words of `apimachinery/pkg/util/validation/field`. */
export interface FieldMistake {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueNotFound'
    | 'FieldValueDuplicate'
    | 'FieldValueNotSupported'
    | 'FieldValueTooLong';
  field: string;
  /** Without the field: `Required value`, `Invalid value: "x": must be …`. */
  message: string;
}

export function invalid(kind: string, group: string, name: string, mistakes: readonly FieldMistake[]): ApiError {
  const texts = mistakes.map(({ field, message }) => `${field}: ${message}`);
  const subject = group === '' ? kind : `${kind}.${group}`;
  const all = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${subject} "${name}" is invalid: ${all}`, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind,
    causes: mistakes.map(({ reason, field, message }) => ({ reason, message, field })),
  });
}

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}
