import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import { describeWith } from '../servers/availability.js';
import { accepts, freePort, temporaryFolder } from '../servers/processes.js';
import { serversHome } from '../servers/programs.js';

function run(script: string, args: readonly string[], env: Record<string, string> = {}) {
  const path = join(packageRoot(), 'scripts', 'servers', script);
  const { status, stdout, stderr } = spawnSync('bash', [path, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, output: stdout + stderr };
}

describeWith(['nats'], 'a server for work by hand', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let env: Record<string, string>;
  let port: number;

  beforeEach(async () => {
    folder = temporaryFolder();
    port = await freePort();
    env = { THROUGHLINE_SERVERS: serversHome(), THROUGHLINE_RUN: join(folder.path, 'run'), NATS_PORT: String(port) };
  });
  afterEach(() => {
    run('down', ['--wipe'], env);
    folder.remove();
  });

  test('runs after up, is left alone by a second up, and is gone after down --wipe', async () => {
    expect(run('up', ['nats'], env)).toEqual({ status: 0, output: 'up: nats\n' });
    expect(await accepts(port)).toBe(true);
    const pid = () => readFileSync(join(env['THROUGHLINE_RUN']!, 'nats.pid'), 'utf8');
    const first = pid();
    run('up', ['nats'], env);
    expect(pid()).toBe(first);

    expect(run('down', ['--wipe'], env).status).toBe(0);
    expect(await accepts(port)).toBe(false);
    expect(existsSync(env['THROUGHLINE_RUN']!)).toBe(false);
  });

  test('that cannot start is reported with what it printed', () => {
    mkdirSync(env['THROUGHLINE_RUN']!);
    writeFileSync(join(env['THROUGHLINE_RUN']!, 'nats'), 'a file where the store should be');
    const { status, output } = run('up', ['nats'], env);
    expect(status).toBe(1);
    expect(output).toContain('nats did not come up');
    expect(output).toContain('storage directory');
  });
});

describe('a part that does not exist', () => {
  test.each(['provision', 'up'])('is refused by %s, which names those that do', (script) => {
    const folder = temporaryFolder();
    const { status, output } = run(script, ['mongodb'], { THROUGHLINE_SERVERS: folder.path });
    expect(status).toBe(1);
    expect(output).toMatch(/no part mongodb: .*nats, neo4j, control-plane, node/);
    folder.remove();
  });
});

test('what is there already is not built again, whether on the PATH or in KUBEBUILDER_ASSETS', () => {
  const folder = temporaryFolder();
  // A PATH with nothing but the shell's own tools: Go is not there, so that an attempt to build would fail.
  const env = { THROUGHLINE_SERVERS: folder.path, PATH: '/usr/bin:/bin' };
  const assets = join(serversHome(), 'bin');
  if (existsSync(join(assets, 'nats-server'))) {
    expect(run('provision', ['nats'], { ...env, PATH: `${env.PATH}:${assets}` })).toEqual({ status: 0, output: '' });
    expect(run('provision', ['nats'], { ...env, KUBEBUILDER_ASSETS: assets })).toEqual({ status: 0, output: '' });
  }
  const { status, output } = run('provision', ['nats'], { ...env, KUBEBUILDER_ASSETS: '' });
  expect(status).toBe(1);
  expect(output).toMatch(/Go is missing/);
  folder.remove();
});
