/** The HTTP status with which the daemon refused; undefined where it did not answer at all. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** What the daemon said, without the words that its client puts around it. */
export function reasonOf(error: unknown): string {
  const json =
    error instanceof Error && 'json' in error ? (error.json as { message?: unknown } | undefined) : undefined;
  if (typeof json?.message === 'string') return json.message;
  return error instanceof Error ? error.message : String(error);
}

/** Undefined in place of a refusal with one of the statuses; every other error is thrown on. */
export async function unless<T>(statuses: readonly number[], asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}
