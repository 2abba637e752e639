import type { BodyOf, Route } from '../contract/route.js';

/** The answer is not from chainr, or from a version that this client does not understand. */
export class UnknownAnswer extends Error {
  override readonly name = 'UnknownAnswer';
}

/** Returns undefined if the text is not JSON. The caller knows what that means. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Reads a body, or one line of it, by the schema of its route.
 * @throws UnknownAnswer
 */
export function parseAnswer<R extends Route>(route: R, text: string): BodyOf<R> {
  const answer = route.success.schema.safeParse(parseJson(text));
  if (answer.success) return answer.data as BodyOf<R>;
  throw new UnknownAnswer(
    `The response to ${route.method} ${route.path} is not from chainr, or from another version.`,
    {
      cause: answer.error,
    },
  );
}
