/** Where Redis is and how to log in, from `CHAINR_REDIS_URL`. */
export interface RedisAddress {
  /** `sentinels` know the server of a group, `cluster` has it as one of its nodes. */
  kind: 'socket' | 'server' | 'sentinels' | 'cluster';
  /** Of the socket; else empty. */
  path: string;
  /** Of the server, the Sentinels or some nodes of the cluster. */
  hosts: readonly { host: string; port: number }[];
  /** The name that the Sentinels have for the group of servers; else empty. */
  group: string;
  username: string;
  password: string;
  db: number;
  tls: boolean;
}

const forms =
  'must be an address such as redis://host:6379, unix:/path/to/socket, redis+sentinel://host:26379,host:26379/GROUP or redis+cluster://host:6379,host:6379';

/** Protocol, kind, login, hosts, the rest: https://www.iana.org/assignments/uri-schemes/prov/redis, with several hosts. */
const parts = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^?#]*))?$/;

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, the same with `rediss` for TLS, `unix:/path`,
 * `redis+sentinel://…/GROUP[/db]` and `redis+cluster://…`, both with several hosts.
 *
 * @throws Error whose message ends the sentence "CHAINR_REDIS_URL …"; it does not show the password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const none = { path: '', hosts: [], group: '', username: '', password: '', db: 0, tls: false };
  if (text.startsWith('unix:')) return { ...none, kind: 'socket', path: text.slice('unix:'.length) };
  const [, protocol, several, login = '', list = '', rest = ''] = parts.exec(text) ?? [];
  if (protocol === undefined) throw new Error(forms);
  const hosts = list.split(',').map((each) => parseHost(each, several === 'sentinel' ? 26_379 : 6_379));
  if (several === undefined && hosts.length > 1) throw new Error(`${forms}; only the last two have several hosts`);
  const [first = '', second = ''] = rest.split('/');
  const group = several === 'sentinel' ? decodeURIComponent(first) : '';
  const db = parseDb(several === 'sentinel' ? second : first);
  if (several === 'sentinel' && group === '') throw new Error('must name the group of the Sentinels: redis+sentinel://host/GROUP'); // prettier-ignore
  if (several === 'cluster' && db !== 0) throw new Error('must not name a database, since a cluster has only one');
  const colon = login.indexOf(':');
  return {
    ...none,
    kind: several === 'sentinel' ? 'sentinels' : several === 'cluster' ? 'cluster' : 'server',
    hosts,
    group,
    username: decode(colon < 0 ? login : login.slice(0, colon)),
    password: decode(colon < 0 ? '' : login.slice(colon + 1)),
    db,
    tls: protocol === 'rediss',
  };
}

function parseHost(text: string, usualPort: number): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? usualPort : Number(digits);
  if (host === undefined || port > 65_535) throw new Error(forms);
  return { host, port };
}

function parseDb(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw new Error('must end with the number of a database, or with none');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('must have its special characters in the user name and password percent-encoded');
  }
}

/** The address with a password that is configured on its own; it replaces one in the address. */
export function withPassword(url: string, password: string): string {
  if (password === '' || url.startsWith('unix:')) return url;
  const { username } = parseRedisAddress(url);
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  return url.replace(/:\/\/(?:[^@/]*@)?/, `://${login}`);
}
