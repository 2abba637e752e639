import { Option } from 'commander';

export type OutputFormat = 'text' | 'json';

/** `-o json`: nothing but JSON on standard output. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text');
}
