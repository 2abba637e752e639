/** Where the cases of the table are asked: the stand-in or a real cluster. */
export interface Place {
  /** The address, and the token of the administrator; an empty one if none is needed. */
  url: string;
  token: string;
  /** Sends a request; `as` names a user other than the administrator. */
  ask: (method: string, path: string, body?: unknown, options?: AskOptions) => Promise<PlainReply>;
}

export interface AskOptions {
  contentType?: string;
  as?: string;
}

export interface PlainReply {
  status: number;
  retryAfter: string | null;
  text: string;
}

/** The namespaces of the table: an open one, one with Pod Security `restricted`, one with a quota of one pod. */
export const namespaces = { open: 'standin', restricted: 'standin-restricted', quota: 'standin-quota' };

/** May only read pods in the open namespace. */
export const limitedUser = 'system:serviceaccount:standin:limited';

export const limitedRules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];

export const jsonOf = (reply: PlainReply): Record<string, unknown> => JSON.parse(reply.text) as Record<string, unknown>;

/** An answer without what differs each time: ids, versions, times, names of nodes, and the differences of objects. */
export function normalize({ status, retryAfter, text }: PlainReply): object {
  const plain = text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replace(/containerd:\/\/[0-9a-f]{64}/g, 'containerd://ID')
    .replace(/(ResourceVersion in record) \(\d+\)/g, '$1 (N)')
    .replace(/\\n@@.*?\\n"/g, '"')
    .replace(/(too old resource version:) \d+ \(\d+\)/g, '$1 N (N)');
  const answer = { status, ...(retryAfter !== null && { retryAfter }), ...parsed(plain) };
  // As it is read from the table: without fields that have no value.
  return JSON.parse(JSON.stringify(answer)) as object;
}

function parsed(text: string): object {
  if (!text.startsWith('{')) return { text };
  const [line = ''] = text.split('\n');
  const { kind, reason, message, details, type, object } = JSON.parse(line) as Record<string, unknown>;
  if (type !== undefined) return { type, object };
  // An object is told by its kind: the cases are about refusals.
  return kind === 'Status' ? { reason, message, details } : { kind };
}
