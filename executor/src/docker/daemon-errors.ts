/** The HTTP status of the daemon's refusal; undefined if it did not answer at all. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The daemon's message, without the words that its client adds. */
export function reasonOf(error: unknown): string {
  const json =
    error instanceof Error && 'json' in error ? (error.json as { message?: unknown } | undefined) : undefined;
  if (typeof json?.message === 'string') return json.message;
  return error instanceof Error ? error.message : String(error);
}

/** Returns undefined if the daemon refuses with one of the statuses; rethrows every other error. */
export async function unless<T>(statuses: readonly number[], asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}
