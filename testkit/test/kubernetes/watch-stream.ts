import { untilFound } from '@chainr/testkit/until-found';
import type { Server } from './client.js';

export interface WatchEvent {
  type: string;
  object: {
    kind: string;
    code?: number;
    reason?: string;
    metadata: { name?: string; resourceVersion: string; annotations?: Record<string, string> };
    status?: { phase?: string };
  };
}

export interface WatchStream {
  status: number;
  events: WatchEvent[];
  /** Undefined while it is open, then how the connection ended. */
  end: () => 'ended' | 'cut' | undefined;
  until: (isFound: (event: WatchEvent) => boolean) => Promise<WatchEvent>;
  untilEnd: () => Promise<'ended' | 'cut'>;
  close: () => void;
}

/** Watches a path, with the query that follows it. */
export async function openWatch({ url, token }: Server, path: string, query: string): Promise<WatchStream> {
  const closing = new AbortController();
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}?watch=true&${query}`, { headers, signal: closing.signal });
  const events: WatchEvent[] = [];
  let end: 'ended' | 'cut' | undefined;
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
    }
  };
  read().then(
    () => (end = 'ended'),
    () => (end = 'cut'),
  );
  return {
    status: response.status,
    events,
    end: () => end,
    until: async (isFound) => (await untilFound('an event of the watch', () => events.find(isFound), Boolean))!,
    untilEnd: async () => (await untilFound('the end of the watch', () => end, Boolean))!,
    close: () => closing.abort(),
  };
}
