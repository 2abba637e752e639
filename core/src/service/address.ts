/** The address on which a server listens or a service is reached. */
export type Address = { host: string; port: number } | { socketPath: string };

/** The kernel's `sun_path` has no room for longer paths, and some systems cut them silently. */
const maxSocketPathBytes = 103;

/**
 * Reads `127.0.0.1:8080`, `:8080` (every interface), `[::1]:8080` or `unix:/path/to/socket`.
 *
 * @throws Error whose message ends the sentence "CHAINR_LISTEN …"
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return { socketPath: checkSocketPath(text.slice('unix:'.length)) };
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new Error('must be an address such as 127.0.0.1:8080, :8080, [::1]:8080 or unix:/path/to/socket');
  }
  return { host: bracketed ?? (plain || '::'), port };
}

function checkSocketPath(path: string): string {
  if (!path.startsWith('/'))
    throw new Error('must name a socket by its full path, such as unix:/run/chainr/sched.sock');
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    throw new Error(`names a socket whose path is longer than ${maxSocketPathBytes} bytes`);
  }
  return path;
}

/** `http://host:port`, or `unix:/path`. */
export function formatAddress(address: Address): string {
  if ('socketPath' in address) return `unix:${address.socketPath}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

/**
 * Reads the address of another service from a setting: `http://host:port` or `unix:/path`.
 *
 * @throws Error whose message ends the sentence "CHAINR_SCHED_URL …"
 */
export function parseServiceUrl(text: string): Address {
  if (text.startsWith('unix:')) return { socketPath: checkSocketPath(text.slice('unix:'.length)) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || (url.pathname !== '/' && url.pathname !== '') || url.search !== '') {
    throw new Error('must be an address such as http://sched:8080 or unix:/path/to/socket');
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) };
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: Address): boolean {
  if ('socketPath' in address) return true;
  return address.host === 'localhost' || address.host === '::1' || /^127(\.\d{1,3}){3}$/.test(address.host);
}
