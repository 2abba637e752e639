import type Docker from 'dockerode';
import { labels } from '../src/docker/names.js';
import type { AttemptKey } from '../src/port.js';

interface StartEvent {
  Actor: { ID: string };
}

/** The ids of the containers of an attempt that the daemon has started, in order. It remembers its last 256 events. */
export async function startsOf(docker: Docker, { run }: AttemptKey): Promise<string[]> {
  const stream = await docker.getEvents({
    since: 1,
    until: Date.now() / 1000,
    filters: { type: ['container'], event: ['start'], label: [`${labels.run}=${run}`] },
  });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as StartEvent).Actor.ID);
}
