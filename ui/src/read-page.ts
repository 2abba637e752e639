import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The page as it is served. */
export interface Page {
  readonly html: string;
  /** Its `Content-Security-Policy`: allows exactly its own script and style, and requests to gate only. */
  readonly policy: string;
}

/** Reads the one static file. It does not change while the service runs. */
export function readPage(): Page {
  const html = readFileSync(new URL('../public/index.html', import.meta.url), 'utf8');
  const directives = [
    "default-src 'none'",
    `script-src ${hashesOf('script', html)}`,
    `style-src ${hashesOf('style', html)}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html, policy: directives.join('; ') };
}

function hashesOf(element: 'script' | 'style', html: string): string {
  const contents = html.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 'gs'));
  return [...contents]
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}
