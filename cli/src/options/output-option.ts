import { Option } from 'commander';

export type OutputFormat = 'text' | 'json';

/** `-o json`: nothing but JSON on standard output. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how the result is printed').choices(['text', 'json']).default('text');
}
