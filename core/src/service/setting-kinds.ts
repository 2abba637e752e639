import { parseDuration } from '../model/duration.js';
import type { Setting } from './settings.js';

/** What every kind of setting is declared with; without `default` the setting is required. */
export interface Declaration<T> {
  env: string;
  default?: T;
  doc: string;
  shown?: string;
  secret?: boolean;
}

function setting<T>(declaration: Declaration<T>, parse: (text: string) => T, unit?: string): Setting<T> {
  return { ...declaration, default: declaration.default, parse, ...(unit === undefined ? {} : { unit }) };
}

/** A text; `check` throws an Error whose message ends the sentence "CHAINR_X …". */
export function text(declaration: Declaration<string>, check?: (text: string) => unknown): Setting<string> {
  return setting(declaration, (value) => {
    check?.(value);
    return value;
  });
}

/** A whole number between two bounds, both included. */
export function integer(
  declaration: Declaration<number> & { min: number; max: number; unit?: string },
): Setting<number> {
  const { min, max, unit, ...rest } = declaration;
  const parse = (value: string): number => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };
  return setting(rest, parse, unit);
}

/** A duration such as `500ms`, `90s` or `1h30m`, or `0`; its value is in milliseconds. */
export function durationMs(declaration: Declaration<number>): Setting<number> {
  const parse = (value: string): number => {
    const ms = value === '0' ? 0 : parseDuration(value);
    if (ms === undefined) throw new Error('must be a duration such as 500ms, 90s or 1h30m');
    return ms;
  };
  return setting(declaration, parse, 'ms');
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  declaration: Declaration<Word>,
): Setting<Word> {
  return setting(declaration, (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}`);
    return word;
  });
}

/** `true` or `false`. */
export function flag(declaration: Declaration<boolean>): Setting<boolean> {
  return setting(declaration, (value) => {
    if (value !== 'true' && value !== 'false') throw new Error('must be true or false');
    return value === 'true';
  });
}

/** Words separated by commas; none if the value is `-`, since an empty one counts as not set. */
export function words(declaration: Declaration<readonly string[]>): Setting<readonly string[]> {
  return setting(declaration, (value) =>
    value === '-'
      ? []
      : value
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== ''),
  );
}
