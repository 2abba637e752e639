import { Option } from 'commander';

export type OutputFormat = 'text' | 'json';

/** With `-o json`, standard output contains only JSON. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text');
}
