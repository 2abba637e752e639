import { attemptFields, rowFields, runFields, type Field } from './fields.js';

/*
 * Writes the Lua that packs and unpacks records, from their tables of fields. A record is made with every field that it
 * will have: a table that grows costs many times as much.
 */

/**
 * What a call knows of a run beside what is stored, and its value in the beginning; the job counts are [0] … [5]. What few
 * calls need is absent until it is set, which reads like false: with it the tables would have twice as many places.
 */
const runInCall = {
  rows: '{}',
  uid: 'false',
  key: 'false',
  last_touched: 'false',
  touched: 'false',
  info: 'false',
  shared: 'false',
};

/** The same of a row. */
const rowInCall = {
  run: 'false',
  index: 'false',
  raw: 'false',
  name_end: '0',
  section: 'false',
  plan: 'false',
  touched: 'false',
  next_touched: 'false',
  handed_out: 'false',
  announce: 'false',
  listed: 'false',
};

/** The format letters of `struct`, a library that Redis adds to Lua: http://www.inf.puc-rio.br/~roberto/struct/ */
const formats = { u8: 'B', u16: 'H', u32: 'I4', u48: 'I6', bytes8: 'Bc0', bytes16: 'Hc0' } as const;

const formatOf = (fields: readonly Field[]): string => `'>${fields.map(({ as }) => formats[as]).join('')}'`;
const isText = ({ as }: Field): boolean => as === 'bytes8' || as === 'bytes16';

/** The job counts of a run stand under the codes of the statuses. */
const jobCounts: readonly string[] = ['pending', 'running', 'successful', 'failed_jobs', 'skipped', 'canceled'];
const keyOf = (name: string): string => {
  const code = jobCounts.indexOf(name);
  return code < 0 ? name : `[${String(code)}]`;
};

function recordOf(values: readonly (readonly [key: string, value: string])[]): string {
  // Lua keeps [1] … [5] in an array where they come first and without their keys.
  const listed = values.filter(([key]) => /^\[[1-9]\]$/.test(key)).map(([, value]) => value);
  const named = values.filter(([key]) => !/^\[[1-9]\]$/.test(key)).map(([key, value]) => `${key} = ${value}`);
  return `{ ${[...listed, ...named].join(', ')} }`;
}

function unpackFunction(name: string, fields: readonly Field[], inCall: Readonly<Record<string, string>> = {}): string {
  const variables = fields.map((_, place) => `v${String(place)}`);
  const stored = fields.map(({ name: field }, place) => [keyOf(field), variables[place] ?? ''] as const);
  return `local function ${name}(raw, from)
  local ${variables.join(', ')} = struct.unpack(${formatOf(fields)}, raw, from)
  return ${recordOf([...stored, ...Object.entries(inCall)])}
end`;
}

function blankFunction(name: string, fields: readonly Field[], inCall: Readonly<Record<string, string>> = {}): string {
  const stored = fields.map((field) => [keyOf(field.name), isText(field) ? "''" : '0'] as const);
  return `local function ${name}()
  return ${recordOf([...stored, ...Object.entries(inCall)])}
end`;
}

function packFunction(name: string, fields: readonly Field[]): string {
  const read = (field: string): string => (keyOf(field) === field ? `r.${field}` : `r${keyOf(field)}`);
  const values = fields.flatMap((field) => (isText(field) ? [`#${read(field.name)}`, read(field.name)] : [read(field.name)])); // prettier-ignore
  return `local function ${name}(r)
  return struct.pack(${formatOf(fields)}, ${values.join(', ')})
end`;
}

const rowHead = rowFields.filter((field) => !isText(field));

/** `unpack_…` makes a record of its bytes, `blank_…` one of zeros, `pack_…` its bytes. Of a row only the head is packed. */
export const luaRecords = [
  unpackFunction('unpack_run', runFields, runInCall),
  blankFunction('blank_run', runFields, runInCall),
  packFunction('pack_run', runFields),
  unpackFunction('unpack_row', rowHead, rowInCall),
  packFunction('pack_row_head', rowHead),
  unpackFunction('unpack_attempt', attemptFields),
  blankFunction('blank_attempt', attemptFields),
  packFunction('pack_attempt', attemptFields),
  '',
].join('\n');
