import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Writes a generated page; with `--check` only reports, with exit code 1, if it is stale. */
export async function writePage(file: string, text: string): Promise<void> {
  const formatted = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (!process.argv.includes('--check')) {
    writeFileSync(file, formatted);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== formatted) {
    console.error(`${file} is stale: run make generate.`);
    process.exitCode = 1;
  }
}
