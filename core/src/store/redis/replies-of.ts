import type { ChainableCommander } from 'ioredis';

/** The replies to commands that are sent together. An error of one of them rejects all. */
export async function repliesOf(commands: ChainableCommander): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
