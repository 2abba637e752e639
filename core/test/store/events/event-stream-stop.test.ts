import { openStore } from '@chainr/testkit/open-store';
import { beginning } from '../../../src/store/events/event-stream.js';

describe('a follower of the events', () => {
  it('can stop while Redis is away', async () => {
    const opened = await openStore();
    const stop = new AbortController();
    const following = opened.store.events.tail(beginning, { onEvents: () => undefined }, stop.signal);
    await opened.redis.stop();
    stop.abort();
    await following;
    await opened.close();
  });
});
