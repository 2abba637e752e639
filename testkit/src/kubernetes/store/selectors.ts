import type { KubeObject } from '../objects.js';
import { badRequest } from '../api/status.js';

export type Selector = (object: KubeObject) => boolean;

/** A label selector: `a=b,c!=d,e in (f, g),h notin (i),j,!k`. */
export function parseLabelSelector(text: string): Selector {
  const parts = text.match(/[^,()]+(\([^)]*\))?/g) ?? [];
  const tests = parts.map((part) => parseRequirement(part.trim()));
  return ({ metadata }) => tests.every((test) => test(metadata.labels ?? {}));
}

function parseRequirement(part: string): (labels: Record<string, string>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '\0') === (operator === 'in');
  }
  const pair = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (pair) {
    const [, key = '', operator, value] = pair;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const presence = /^(!?)\s*([^=!\s]+)$/.exec(part);
  if (!presence) {
    const found = part.split(/\s+/)[1] ?? part;
    throw badRequest(`unable to parse requirement: found '${found}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const [, not, key = ''] = presence;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

/** The fields that a selector may name, besides metadata.name and metadata.namespace. */
const fields: Record<string, readonly string[]> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'spec.schedulerName', 'status.phase'],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.fieldPath',
    'reason',
    'type',
  ],
  Secret: ['type'],
  Namespace: ['status.phase'],
};

/** A field selector: `metadata.name=x,status.phase!=Running`. */
export function parseFieldSelector(text: string, kind: string): Selector {
  const tests = text.split(',').map((part): Selector => {
    const [, field = '', operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    const known = ['metadata.name', 'metadata.namespace', ...(fields[kind] ?? [])];
    if (operator === undefined) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
    return (object) => (readField(object, field) === value) === (operator !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

function readField(object: KubeObject, field: string): string {
  let at: unknown = object;
  for (const name of field.split('.')) at = (at as Record<string, unknown> | undefined)?.[name];
  return typeof at === 'string' ? at : '';
}
