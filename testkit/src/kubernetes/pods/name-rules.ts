import type { ObjectMeta } from '../objects.js';
import type { Mistakes } from './mistakes.js';

/** The rules of names: `apimachinery/pkg/util/validation/validation.go`. */

const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualified})?`;

/** All keys and values together. */
const maxAnnotationBytes = 256 * 1024;

const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
const tooLong = (limit: number): string => `must be no more than ${limit} bytes`;

function checkObjectName(mistakes: Mistakes, field: string, name: string): void {
  if (name.length > 253) mistakes.invalid(field, name, tooLong(253));
  if (matches(subdomain, name)) return;
  const why = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
  mistakes.invalid(field, name, why);
}

/** Names of containers and volumes. */
export function checkLabelName(mistakes: Mistakes, field: string, name: string): void {
  if (name.length > 63) mistakes.invalid(field, name, tooLong(63));
  if (matches(label, name)) return;
  const why = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
  mistakes.invalid(field, name, why);
}

export function checkMetadata(mistakes: Mistakes, { name, labels, annotations, finalizers }: ObjectMeta): void {
  checkObjectName(mistakes, 'metadata.name', name);
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkQualifiedName(mistakes, 'metadata.labels', key);
    checkLabelValue(mistakes, 'metadata.labels', value);
  }
  for (const key of Object.keys(annotations ?? {}))
    checkQualifiedName(mistakes, 'metadata.annotations', key.toLowerCase());
  checkAnnotationsSize(mistakes, annotations);
  for (const [index, finalizer] of (finalizers ?? []).entries()) {
    const field = `metadata.finalizers[${index}]`;
    checkQualifiedName(mistakes, field, finalizer);
    if (finalizer.includes('/') || ['foregroundDeletion', 'orphan', 'kubernetes'].includes(finalizer)) continue;
    mistakes.invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
  }
}

/** `ValidateAnnotationsSize` of `apimachinery/pkg/api/validation/objectmeta.go`. */
export function checkAnnotationsSize(mistakes: Mistakes, annotations: ObjectMeta['annotations'] = {}): void {
  const bytes = Object.entries(annotations)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > maxAnnotationBytes) mistakes.tooLong('metadata.annotations', maxAnnotationBytes);
}

function checkQualifiedName(mistakes: Mistakes, field: string, key: string): void {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length === 2 && !matches(subdomain, parts[0] ?? '')) {
    const why = `prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
    mistakes.invalid(field, key, why);
  }
  if (name.length > 63) mistakes.invalid(field, key, `name part ${tooLong(63)}`);
  if (matches(qualified, name)) return;
  const why = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}')`;
  mistakes.invalid(field, key, why);
}

function checkLabelValue(mistakes: Mistakes, field: string, value: string): void {
  if (value.length > 63) mistakes.invalid(field, value, tooLong(63));
  if (matches(labelValue, value)) return;
  const why = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`;
  mistakes.invalid(field, value, why);
}
