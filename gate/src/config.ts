import { parseAddress, parseServiceUrl, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { choice, integer, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Values } from '@chainr/core/service/settings';

/** Every setting of gate; its documentation is made from here. */
export const settings = {
  port: integer({
    env: 'PORT',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'The port on 127.0.0.1 where gate listens; 0 takes a free one.',
  }),
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '',
      doc: 'Where gate listens, such as 0.0.0.0:8080 or unix:/path, instead of PORT; beyond this machine only with CHAINR_TOKEN.',
    },
    parseAddress,
  ),
  token: text(
    {
      env: 'CHAINR_TOKEN',
      default: '',
      doc: 'The token that every request to the API must bear (Authorization: Bearer …); empty: none, on this machine only.',
      secret: true,
    },
    checkToken,
  ),
  sched: text(
    {
      env: 'CHAINR_SCHED_URL',
      default: 'http://127.0.0.1:8081',
      doc: 'Where sched is: http://host:port or unix:/path.',
    },
    parseServiceUrl,
  ),
  notif: text(
    {
      env: 'CHAINR_NOTIF_URL',
      default: 'http://127.0.0.1:8082',
      doc: 'Where notif is: http://host:port or unix:/path.',
    },
    parseServiceUrl,
  ),
  ui: text(
    { env: 'CHAINR_UI_URL', default: 'http://127.0.0.1:8083', doc: 'Where ui is: http://host:port or unix:/path.' },
    parseServiceUrl,
  ),
  connectionsPerClient: integer({
    env: 'CHAINR_CONNECTIONS_PER_CLIENT',
    default: 2500,
    min: 0,
    max: 1_000_000,
    doc: 'How many connections one address may have at once, with 429 beyond; 0: any number. All clients behind a proxy have one address.',
  }),
  logLevel: choice(logLevels, {
    env: 'CHAINR_LOG_LEVEL',
    default: 'info',
    doc: 'The least severe log lines that are written.',
  }),
} as const;

export interface GateConfig {
  readonly listen: Address;
  /** Absent: whoever reaches the address may do everything; only allowed on this machine. */
  readonly token?: string;
  readonly sched: Address;
  readonly notif: Address;
  readonly ui: Address;
  /** Connections of one address at once; 0: any number. */
  readonly connectionsPerClient: number;
  readonly logLevel: string;
}

/** @throws SettingsError that lists every mistake */
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
