import { Wake } from './wake.js';

/**
 * What several sources give, as it comes. Of each, one item is read ahead at most. The first error ends all. A source
 * that is asked for its next item cannot be left: whoever leaves this generator early must then end those by a signal.
 */
export async function* mergeSources<T>(
  sources: readonly AsyncGenerator<T, void, void>[],
): AsyncGenerator<T, void, void> {
  // A wake in place of Promise.race, which would keep a reaction for each round at the promise of a silent source.
  const wake = new Wake();
  const given: { source: AsyncGenerator<T, void, void>; result: IteratorResult<T, void> }[] = [];
  let failure: { error: unknown } | undefined;
  /** The sources of which nothing is asked. */
  const idle = new Set<AsyncGenerator<T, void, void>>();
  let isLeft = false;
  const ask = (source: AsyncGenerator<T, void, void>): void => {
    idle.delete(source);
    source.next().then(
      (result) => {
        // It gave one more item before it was ended, and nobody will ask it again.
        if (isLeft) return void source.return().catch(() => undefined);
        idle.add(source);
        given.push({ source, result });
        wake.notify();
      },
      (error: unknown) => {
        failure ??= { error };
        wake.notify();
      },
    );
  };
  for (const source of sources) ask(source);
  try {
    for (let open = sources.length; open > 0;) {
      if (failure) throw failure.error;
      const next = given.shift();
      if (!next) await wake.next();
      else if (next.result.done) open -= 1;
      else {
        yield next.result.value;
        ask(next.source);
      }
    }
  } finally {
    isLeft = true;
    await Promise.all([...idle].map((source) => source.return()));
  }
}
