import { formatExactDuration, parseDuration } from '../pipeline/duration.js';
import { whyNoName } from '../pipeline/names.js';
import type { Setting } from './settings.js';

/** The fields that every kind of setting has. Without `default` the setting is required. */
export interface Declaration<T> {
  env: string;
  default?: T;
  doc: string;
  shown?: string;
  secret?: boolean;
}

function setting<T>(
  declaration: Declaration<T>,
  form: string,
  parse: (text: string) => T,
  write: (value: T) => string = String,
): Setting<T> {
  return { ...declaration, default: declaration.default, form, parse, write };
}

/** A text; `check` throws an Error whose message ends the sentence "CHAINR_X …". */
export function text(declaration: Declaration<string>, check?: (text: string) => unknown): Setting<string> {
  return setting(declaration, 'text', (value) => {
    check?.(value);
    return value;
  });
}

/** A name with the rules of job names, such as that of a pool. */
export function named(declaration: Declaration<string>): Setting<string> {
  return setting(declaration, 'name', (value) => {
    const whyNot = whyNoName(value);
    if (whyNot !== undefined) throw new Error(`must be a name like that of a job: ${whyNot}`);
    return value;
  });
}

/** A whole number between two bounds, both included. */
export function integer(declaration: Declaration<number> & { min: number; max: number }): Setting<number> {
  const { min, max, ...rest } = declaration;
  const parse = (value: string): number => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };
  return setting(rest, `${shown(min)} to ${shown(max)}`, parse);
}

const shown = (number: number): string => number.toLocaleString('en-US');

/** A size: a whole number of bytes between two bounds, both included. `zero` allows 0 as well. */
export function bytes(
  declaration: Declaration<number> & { min: number; max: number; zero?: boolean },
): Setting<number> {
  const { min, max, zero = false, ...rest } = declaration;
  const parse = (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if ((zero && number === 0) || (number >= min && number <= max)) return number;
    const range = `from ${String(min)} (${sizeOf(min)}) to ${String(max)} (${sizeOf(max)})`;
    throw new Error(`must be ${zero ? '0 or ' : ''}a whole number of bytes ${range}`);
  };
  return setting(rest, `${zero ? '0, or ' : ''}bytes, ${sizeOf(min)} to ${sizeOf(max)}`, parse);
}

/** Formats bytes as `64 MiB`: the largest unit that gives a whole number; `1 byte`. */
export function sizeOf(count: number): string {
  const units = [count === 1 ? 'byte' : 'bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let power = 0;
  while (power < units.length - 1 && count > 0 && count % 1024 ** (power + 1) === 0) power += 1;
  return count === 1 ? '1 byte' : `${String(count / 1024 ** power)} ${units[power] ?? ''}`;
}

/** A duration such as `500ms`, `90s` or `1h30m`, or `0`; its value is in milliseconds. */
export function durationMs(declaration: Declaration<number>): Setting<number> {
  const parse = (value: string): number => {
    const ms = value === '0' ? 0 : parseDuration(value);
    if (ms === undefined) throw new Error('must be a duration such as 500ms, 90s or 1h30m');
    return ms;
  };
  return setting(declaration, 'duration', parse, (ms) => (ms === 0 ? '0' : formatExactDuration(ms)));
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  declaration: Declaration<Word>,
): Setting<Word> {
  return setting(declaration, words.map((word) => `\`${word}\``).join(', '), (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}`);
    return word;
  });
}

/** `true` or `false`. */
export function flag(declaration: Declaration<boolean>): Setting<boolean> {
  return setting(declaration, '`true`, `false`', (value) => {
    if (value !== 'true' && value !== 'false') throw new Error('must be true or false');
    return value === 'true';
  });
}

/** Words separated by commas. `-` means none, since an empty value counts as not set. */
export function words(declaration: Declaration<readonly string[]>): Setting<readonly string[]> {
  const parse = (value: string): string[] =>
    value === '-'
      ? []
      : value
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== '');
  return setting(declaration, 'words with commas; `-`: none', parse, (list) => list.join(',') || '-');
}
