import type { Redis } from 'ioredis';

/** How often a Redis has run commands of these names since its start, including those of scripts. */
export async function countCommands(client: Redis, ...names: readonly string[]): Promise<number> {
  const stats = await client.info('commandstats');
  return names.reduce((sum, name) => {
    return sum + Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  }, 0);
}
