import type { ServerResponse } from 'node:http';

/** Answers with a body of JSON; shorter than Express' own way, which every new run would pay. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': text.length,
    ...headers,
  });
  response.end(text);
}
