import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { fileVariable } from '../../core/src/service/settings.js';
import { settingsOf } from '../../scripts/service-settings.js';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { internal?: boolean } | null>>;
}

const read = (file: string): string => readFileSync(`deploy/compose/${file}`, 'utf8');
/** The value of a tag that YAML does not know, such as `!reset`, is taken as it is. */
const parsed = (file: string): unknown => parse(read(file), { merge: true, logLevel: 'error' });

const compose = parsed('compose.yaml') as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image.startsWith('${REGISTRY:-docker.io/chainr}/'));

/**
 * The schema is that of github.com/compose-spec/compose-go 2.9.1 (schema/compose-spec.json, Apache-2.0) without its
 * descriptions.
 */
const schema = z.fromJSONSchema(
  JSON.parse(readFileSync('deploy/test/compose-spec.schema.json', 'utf8')) as Parameters<typeof z.fromJSONSchema>[0],
);

describe('the Compose files', () => {
  for (const file of ['compose.yaml', 'compose.proxy.yaml']) {
    it(`have the form that Compose demands: ${file}`, () => {
      expect(schema.safeParse(parsed(file)).error?.issues ?? []).to.deep.equal([]);
    });
  }

  it('are refused by that schema if a field is misspelled', () => {
    const misspelled = { services: { gate: { image: 'x', read_onli: true } } };
    expect(schema.safeParse(misspelled).success).to.equal(false);
  });

  it('run every service of chainr', () => {
    const started = ours.map(([name, { image, command }]) => [name, /[^/]+(?=:\$)/.exec(image)?.[0], command]);
    expect(started).to.deep.equal([
      ['gate', 'services', ['gate']],
      ['sched', 'services', ['sched']],
      ['work', 'services', ['work']],
      ['notif', 'services', ['notif']],
      ['recycle', 'services', ['recycle']],
      ['ui', 'page', undefined],
    ]);
  });

  it('set only variables that the service reads', async () => {
    for (const [name, { environment = {} }] of ours) {
      const settings = await settingsOf(name);
      const known = settings.flatMap((setting) => [setting.env, ...(setting.secret ? [fileVariable(setting)] : [])]);
      expect(known, name).to.include.members(Object.keys(environment));
    }
  });

  it('give each service the secrets that it reads, and no others', () => {
    for (const [name, { environment = {}, secrets = [] }] of ours) {
      const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
      expect(files.map(([, file]) => file.replace('/run/secrets/', '')).sort(), name).to.deep.equal(
        [...secrets].sort(),
      );
    }
    const used = services.flatMap(([, { secrets = [] }]) => secrets);
    expect(Object.keys(compose.secrets).sort()).to.deep.equal([...new Set(used)].sort());
  });

  it('name only hosts that the service reaches', () => {
    for (const [name, { environment = {}, networks }] of ours) {
      for (const address of Object.values(environment)) {
        const [, host] = /^\w+:\/\/([^:]+):/.exec(address) ?? [];
        if (host !== undefined)
          expect(compose.services[host]?.networks, `${name}: ${host}`).to.include.oneOf([...networks]);
      }
    }
  });

  it('give no service more rights than it needs', () => {
    for (const [name, service] of services) {
      expect(service, name).to.deep.include({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: 'unless-stopped',
      });
    }
    const having = (has: (service: Service) => boolean) =>
      services.filter(([, service]) => has(service)).map(([name]) => name);
    expect(having(({ volumes = [] }) => volumes.some((volume) => volume.includes('docker.sock')))).to.deep.equal([
      'work',
    ]);
    expect(having(({ ports }) => ports !== undefined)).to.deep.equal(['gate', 'traefik']);
    expect(having(({ networks }) => networks.includes('outside'))).to.deep.equal(['gate', 'traefik']);
    expect(having(({ healthcheck }) => healthcheck === undefined)).to.deep.equal(['traefik']);
    expect(compose.networks['inside']).to.deep.equal({ internal: true });
  });

  it('read only variables that their README explains, and all of those', () => {
    const text = read('compose.yaml') + read('compose.proxy.yaml');
    const variables = new Set([...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name));
    const table = read('README.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const explained = table.flatMap((line) =>
      [...(line.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
    );
    expect([...variables].sort()).to.deep.equal(explained.sort());
  });

  it('give Traefik a template in which only the host is filled in, comments included, and the address of gate', () => {
    const routes = read('traefik-routes.yaml');
    expect(routes.match(/\{\{.*?\}\}/g)).to.deep.equal(['{{ env "CHAINR_HOST" }}']);
    expect(routes).to.include('url: http://gate:8080');
  });

  it('call a service healthy that is ready, and no other', async () => {
    const { test } = compose.services['gate']?.healthcheck as { test: string[] };
    const [kind, program, ...args] = test;
    expect([kind, program]).to.deep.equal(['CMD', 'node']);
    let status = 200;
    const server = http.createServer((request, response) => {
      response.writeHead(request.url === '/readyz' ? status : 404).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const healthy = async () => {
      const child = spawn(
        process.execPath,
        args.map((word) => word.replace('8080', String(port))),
        { stdio: 'ignore' },
      );
      return ((await once(child, 'exit')) as [number])[0] === 0;
    };
    expect(await healthy(), 'ready').to.equal(true);
    status = 503;
    expect(await healthy(), 'not ready').to.equal(false);
    server.close();
    await once(server, 'close');
    expect(await healthy(), 'gone').to.equal(false);
  });
});
