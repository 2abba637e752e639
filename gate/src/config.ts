import { parseAddress, parseServiceUrl, type Address } from '@chainr/core/service/address';
import { logLevel } from '@chainr/core/service/common-settings';
import { integer, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Values } from '@chainr/core/service/settings';

/** Every setting of gate. The documentation is printed from this table. */
export const settings = {
  port: integer({
    env: 'PORT',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port on 127.0.0.1 where gate listens; 0 picks a free port.',
  }),
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '',
      doc: 'Address where gate listens, such as 0.0.0.0:8080 or unix:/path; replaces PORT. An address that other machines can reach requires CHAINR_TOKEN.',
    },
    parseAddress,
  ),
  token: text(
    {
      env: 'CHAINR_TOKEN',
      default: '',
      doc: 'Token that every request to the API must send (Authorization: Bearer …). Empty: no token; then gate serves this machine only.',
      secret: true,
    },
    checkToken,
  ),
  sched: text(
    {
      env: 'CHAINR_SCHED_URL',
      default: 'http://127.0.0.1:8081',
      doc: 'Address of sched: http://host:port or unix:/path.',
    },
    parseServiceUrl,
  ),
  notif: text(
    {
      env: 'CHAINR_NOTIF_URL',
      default: 'http://127.0.0.1:8082',
      doc: 'Address of notif: http://host:port or unix:/path.',
    },
    parseServiceUrl,
  ),
  ui: text(
    { env: 'CHAINR_UI_URL', default: 'http://127.0.0.1:8083', doc: 'Address of ui: http://host:port or unix:/path.' },
    parseServiceUrl,
  ),
  connectionsPerClient: integer({
    env: 'CHAINR_CONNECTIONS_PER_CLIENT',
    default: 2500,
    min: 0,
    max: 1_000_000,
    doc: 'Maximum number of simultaneous connections from one address; further ones get 429. 0: no limit. All clients behind a proxy share one address.',
  }),
  logLevel,
} as const;

export interface GateConfig {
  readonly listen: Address;
  /** Absent: anyone who reaches the address may do everything; only allowed on this machine. */
  readonly token?: string;
  readonly sched: Address;
  readonly notif: Address;
  readonly ui: Address;
  /** The most connections of one address at once; 0: no limit. */
  readonly connectionsPerClient: number;
  readonly logLevel: string;
}

/** @throws SettingsError with every mistake */
export function readConfig(env: NodeJS.ProcessEnv): GateConfig {
  return toConfig(readSettings(settings, env));
}

function toConfig(values: Values<typeof settings>): GateConfig {
  return {
    listen: values.listen === '' ? { host: '127.0.0.1', port: values.port } : parseAddress(values.listen),
    ...(values.token === '' ? {} : { token: values.token }),
    sched: parseServiceUrl(values.sched),
    notif: parseServiceUrl(values.notif),
    ui: parseServiceUrl(values.ui),
    connectionsPerClient: values.connectionsPerClient,
    logLevel: values.logLevel,
  };
}

function checkToken(token: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('must be printable ASCII without spaces');
}
