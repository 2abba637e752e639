export type ProxiedService = 'sched' | 'notif' | 'ui';

/**
 * Which service answers a request target. Only the plain spelling of a path reaches the API: what
 * is written in another way goes to ui, which has no such page.
 */
export function serviceOf(target: string): ProxiedService {
  const path = pathOf(target);
  if (isWithin('/api/events', path)) return 'notif';
  return isWithin('/api', path) ? 'sched' : 'ui';
}

/** The path of a request target, without its query, which may hold secrets. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

function isWithin(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
