import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, settingsOf, type ConfigSource } from '../../src/config/load-config.js';
import { ThroughlineError } from '../../src/errors.js';
import { temporaryFolder } from '../servers/processes.js';

/** The configuration from a file with this text, and nothing but this environment. */
function load(yaml: string, env: Record<string, string> = {}, role: ConfigSource['role'] = 'ingest') {
  const folder = temporaryFolder();
  try {
    const file = join(folder.path, 'throughline.yaml');
    writeFileSync(file, yaml);
    return loadConfig({ role, file, env });
  } finally {
    folder.remove();
  }
}

function problemsOf(yaml: string, env: Record<string, string> = {}, role: ConfigSource['role'] = 'ingest'): string[] {
  try {
    load(yaml, env, role);
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/\/\S*\/(throughline\.yaml)/g, '$1'));
  }
  return [];
}

describe('a configuration without a file', () => {
  test('has the defaults of the design for every role of its own', () => {
    const config = loadConfig({ role: 'ingest', env: {} });
    expect(config.transport.kind).toBe('nats');
    expect(config.nats).toEqual({ url: 'nats://localhost:4222', stream: 'TAPIO_EVENTS', user: null, password: null });
    expect(config.graph).toEqual({ store: 'neo4j', path: null, retentionMs: 30 * 86_400_000 });
    expect(config.neo4j.url).toBe('bolt://localhost:7687');
    expect(config.correlation).toMatchObject({ windowMs: 30_000, minEvents: 2 });
    expect(config.api).toMatchObject({ host: '127.0.0.1', port: 4000 });
  });

  test('of `up` lives on the memory bus and the embedded graph', () => {
    const config = loadConfig({ role: 'up', env: {} });
    expect(config.transport.kind).toBe('memory');
    expect(config.graph.store).toBe('embedded');
  });

  test('cannot be changed after it was loaded', () => {
    const config = loadConfig({ role: 'up', env: {} });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.agent.collectors)).toBe(true);
    expect(() => Object.assign(config.nats, { url: 'nats://elsewhere:4222' })).toThrow(TypeError);
  });
});

describe('the environment', () => {
  test('wins over the file', () => {
    expect(load('nats: {url: nats://file:4222}', { NATS_URL: 'nats://env:4222' }).nats.url).toBe('nats://env:4222');
  });

  test('is unset when it is empty, as compose files make it', () => {
    expect(load('nats: {url: nats://file:4222}', { NATS_URL: '' }).nats.url).toBe('nats://file:4222');
  });

  test('reaches every key, and no two keys share a variable', () => {
    const variables = [...settingsOf('up').values()].map((info) => info.env);
    expect(new Set(variables).size).toBe(variables.length);
    for (const [key, info] of settingsOf('up')) {
      // No key takes a blank, so that each variable must come back as a problem of its own key.
      expect(problemsOf('', { [info.env]: ' ' }, 'up').map((problem) => problem.split(' ')[0])).toEqual([key]);
    }
  });

  test('gives durations, sizes and lists in any spelling that carries its unit', () => {
    const config = load('', {
      CORRELATION_WINDOW: '1m30s',
      CORRELATION_HORIZON: '2h',
      AGENT_SPOOL_BYTES: '1.5GiB',
      AGENT_COLLECTORS: 'kernel, kubernetes',
    });
    expect(config.correlation).toMatchObject({ windowMs: 90_000, horizonMs: 7_200_000 });
    expect(config.agent).toMatchObject({ spoolBytes: 1.5 * 2 ** 30, collectors: ['kubernetes', 'kernel'] });
  });
});

describe('a secret', () => {
  test('is read from the file that its _FILE variable names, without the last newline', () => {
    const folder = temporaryFolder();
    const secret = join(folder.path, 'password');
    writeFileSync(secret, 'correct horse\n');
    expect(loadConfig({ role: 'ingest', env: { NEO4J_PASSWORD_FILE: secret } }).neo4j.password).toBe('correct horse');
    folder.remove();
  });

  test('may come in one way only', () => {
    expect(problemsOf('', { NEO4J_PASSWORD: 'a', NEO4J_PASSWORD_FILE: '/b' })).toEqual([
      'neo4j.password: both NEO4J_PASSWORD and NEO4J_PASSWORD_FILE are set; give one of them',
    ]);
  });

  test('whose file is missing is a problem that names the file', () => {
    expect(problemsOf('', { NATS_PASSWORD_FILE: '/nowhere/secret' })).toEqual([
      'nats.password (NATS_PASSWORD_FILE): there is no file /nowhere/secret',
    ]);
  });

  test('is never part of a message', () => {
    const message = problemsOf('neo4j: {password: {hunter: two}}').join('\n');
    expect(message).toContain('neo4j.password');
    expect(message).not.toContain('two');
  });
});

describe('variables in the file', () => {
  test('take the environment, else their default; a dollar doubled stays as it is', () => {
    const yaml = 'nats: {url: "${BUS:-nats://here:4222}", stream: "S_${SITE:-north}"}\ncluster: {name: "$${literal}"}';
    expect(load(yaml).nats).toMatchObject({ url: 'nats://here:4222', stream: 'S_north' });
    expect(load(yaml, { BUS: 'nats://there:4222', SITE: 'south' }).nats).toMatchObject({
      url: 'nats://there:4222',
      stream: 'S_south',
    });
    expect(load(yaml).cluster.name).toBe('${literal}');
  });

  test('may stand for numbers', () => {
    expect(load('api: {port: "${PORT:-4100}"}').api.port).toBe(4100);
  });

  test('without a value are a problem', () => {
    expect(problemsOf('nats: {url: "nats://${HOST}:4222"}')).toContainEqual(
      'nats.url (throughline.yaml:1): given ${HOST}, but HOST is not set; set it, or write ${HOST:-default}',
    );
  });

  test('cannot change the structure of the file', () => {
    expect(load('cluster: {name: "${NAME}"}', { NAME: 'a, kubeconfig: /etc/shadow' }).cluster).toEqual({
      name: 'a, kubeconfig: /etc/shadow',
      kubeconfig: null,
    });
  });
});

describe('a wrong configuration', () => {
  test('names every problem at once, where each stands and what it may be', () => {
    const yaml = [
      'nats:',
      '  ulr: nats://localhost:4222',
      '  stream: "events.*"',
      'correlation:',
      '  window: 30',
      '  minEvents: 3',
      'grpah: {}',
      'graph:',
      '  store: sqlite',
      'neo4j: bolt://localhost:7687',
    ].join('\n');
    expect(problemsOf(yaml, { API_PORT: '99999' }).sort()).toEqual(
      [
        'api.port (API_PORT): given "99999", but it must be a whole number from 0 to 65535',
        'correlation.minEvents (throughline.yaml:6): there is no such key; did you mean correlation.min_events?',
        'correlation.window (throughline.yaml:5): given 30, but it must be a duration from 1s to 1h with its unit (ms, s, m, h, d), such as 30s',
        'graph.store (throughline.yaml:9): given "sqlite", but it must be one of embedded, neo4j',
        'grpah (throughline.yaml:7): there is no such key; did you mean graph?',
        'nats.stream (throughline.yaml:3): given "events.*", but it must be a stream name of letters, digits, _ and -',
        'nats.ulr (throughline.yaml:2): there is no such key; did you mean nats.url?',
        'neo4j (throughline.yaml:10): given "bolt://localhost:7687", but it must be a section with url, user, password, database',
      ].sort(),
    );
  });

  test('of a role of its own may not ask for the memory bus', () => {
    expect(problemsOf('', { TRANSPORT: 'memory' }, 'agent')).toEqual([
      'transport.kind (TRANSPORT): given "memory", but it must be nats',
    ]);
  });

  test('has a horizon shorter than its window', () => {
    expect(problemsOf('correlation: {window: 1h, horizon: 10m}')).toEqual([
      'correlation.horizon (throughline.yaml:1): it must be at least as long as correlation.window',
    ]);
  });

  test('is no YAML', () => {
    expect(problemsOf('nats: {url: [')[0]).toMatch(/^throughline\.yaml: .*line 1/);
  });

  test('is a file that does not exist', () => {
    expect(() => loadConfig({ role: 'up', file: '/nowhere/throughline.yaml', env: {} })).toThrow(
      '/nowhere/throughline.yaml: there is no such file',
    );
  });

  test('of any shape is refused with problems, and never crashes the loader', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(problemsOf(JSON.stringify(value)))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
