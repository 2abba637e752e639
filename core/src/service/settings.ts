import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';

/** One setting of a service. Its environment variable is read and its documentation printed from this. */
export interface Setting<T> {
  /** The environment variable. */
  env: string;
  /** Undefined: the setting is required. */
  default: T | undefined;
  /** Throws an Error whose message ends the sentence "CHAINR_X …". */
  parse(text: string): T;
  /** One line for the table of settings. */
  doc: string;
  /** How to write a value, for the documentation: `duration`, or `` `info` or `debug` ``. */
  form: string;
  /** Formats a value as a user would write it. */
  write(value: T): string;
  /** What the documentation says about a default that depends on the machine. */
  shown?: string;
  /** The value is never shown, and may be in a file that `fileVariable` names. */
  secret?: boolean;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type Values<T extends SettingTable> = {
  readonly [Name in keyof T]: T[Name] extends Setting<infer Value> ? Value : never;
};

/** All mistakes of an environment, one sentence each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/**
 * A name at most two typos away counts as a slip. Names of other services' settings are further apart, and one
 * environment may serve several services.
 */
const nearDistance = 2;

/**
 * Reads the settings of a table from an environment. An empty variable counts as not set.
 *
 * @param together returns a sentence for each mistake in the combination of values that are valid one by one
 * @throws SettingsError with every mistake at once. A `CHAINR_` variable that no setting reads, but whose name is near
 * to one, is a mistake too.
 */
export function readSettings<T extends SettingTable>(
  table: T,
  env: NodeJS.ProcessEnv,
  together: (values: Partial<Values<T>>) => readonly string[] = () => [],
): Values<T> {
  const mistakes: string[] = [];
  const values = Object.fromEntries(
    Object.entries(table).map(([name, setting]) => [name, readOne(setting, env, mistakes)]),
  ) as Values<T>;
  mistakes.push(...together(values), ...misspelled(Object.values(table), env));
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return values;
}

/**
 * Reads several tables from one environment.
 * @throws SettingsError with the mistakes of all tables, each once
 */
export function readTogether<T extends Readonly<Record<string, () => unknown>>>(
  readers: T,
): { readonly [Name in keyof T]: ReturnType<T[Name]> } {
  const mistakes = new Set<string>();
  const read = Object.entries(readers).map(([name, reader]) => {
    try {
      return [name, reader()];
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      for (const mistake of error.mistakes) mistakes.add(mistake);
      return [name, undefined];
    }
  });
  if (mistakes.size > 0) throw new SettingsError([...mistakes]);
  return Object.fromEntries(read) as { readonly [Name in keyof T]: ReturnType<T[Name]> };
}

/** The variable that names a file with the value of a secret setting. */
export const fileVariable = ({ env }: Pick<Setting<unknown>, 'env'>): string => `${env}_FILE`;

/** The value of a setting as it is written: in its variable, or of a secret one in a file. */
function textOf(setting: Setting<unknown>, env: NodeJS.ProcessEnv): string | undefined {
  const file = setting.secret ? env[fileVariable(setting)] : undefined;
  if (file === undefined || file === '') return env[setting.env];
  if (env[setting.env]) throw new Error(`is set, and so is ${fileVariable(setting)}: choose one`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot be read from the file of ${fileVariable(setting)}: ${why}`, { cause: error });
  }
}

function readOne(setting: Setting<unknown>, env: NodeJS.ProcessEnv, mistakes: string[]): unknown {
  let text: string | undefined;
  try {
    text = textOf(setting, env);
  } catch (error) {
    mistakes.push(`${setting.env} ${error instanceof Error ? error.message : String(error)}.`);
    return undefined;
  }
  if (text === undefined || text === '') {
    if (setting.default === undefined) mistakes.push(`${setting.env} is required: ${setting.doc}`);
    return setting.default;
  }
  try {
    return setting.parse(text);
  } catch (error) {
    const shown = setting.secret ? '' : ` (it is ${JSON.stringify(text)})`;
    mistakes.push(`${setting.env} ${error instanceof Error ? error.message : String(error)}${shown}.`);
    return undefined;
  }
}

function misspelled(settings: readonly Setting<unknown>[], env: NodeJS.ProcessEnv): string[] {
  const known = settings.flatMap((setting) => [setting.env, ...(setting.secret ? [fileVariable(setting)] : [])]);
  return Object.keys(env)
    .filter((name) => name.startsWith('CHAINR_') && !known.includes(name))
    .map((name) => ({ name, near: closest(name, known) }))
    .filter(({ name, near }) => distance(name, near) <= nearDistance)
    .map(({ name, near }) => `There is no setting ${name}: did you mean ${near}?`);
}
