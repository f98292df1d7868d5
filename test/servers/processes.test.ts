import { afterEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, awaitReady, freePort, startProcess, temporaryFolder, type ServerProcess } from './processes.js';
import { binary, serversHome } from './programs.js';

const listener = (port: number) =>
  `process.on('SIGTERM', () => process.exit(0)); require('net').createServer(() => {}).listen(${port}, '127.0.0.1', () => console.log('up'))`;

describe('a server that a test starts', () => {
  let server: ServerProcess | null = null;
  afterEach(async () => {
    await server?.kill();
    server = null;
  });

  test('is ready when it accepts connections, and gone after stop', async () => {
    const port = await freePort();
    const own = temporaryFolder();
    const logFile = join(own.path, 'listener.log');
    server = await startProcess({ command: process.execPath, arguments: ['-e', listener(port)], logFile });
    await awaitReady(server, () => accepts(port));
    await awaitReady(server, () => server!.log().includes('up'));
    await server.stop();
    expect(server.running()).toBe(false);
    expect(await accepts(port)).toBe(false);
    own.remove();
    expect(existsSync(own.path)).toBe(false);
  });

  test('that ends before it is ready fails with what it printed', async () => {
    const own = temporaryFolder();
    const logFile = join(own.path, 'broken.log');
    const broken = await startProcess({
      command: process.execPath,
      arguments: ['-e', 'console.error("no such data directory"); process.exit(3)'],
      logFile,
    });
    await expect(awaitReady(broken, () => false)).rejects.toThrow('no such data directory');
    own.remove();
  });

  test('that is no program fails to start', async () => {
    const own = temporaryFolder();
    await expect(
      startProcess({ command: join(own.path, 'nothing'), logFile: join(own.path, 'nothing.log') }),
    ).rejects.toThrow('ENOENT');
    own.remove();
  });
});

describe('where servers are looked for', () => {
  test('a program on the PATH is found, one that is nowhere is null', () => {
    expect(binary('node')).toMatch(/\/node$/);
    expect(binary('no-such-server')).toBeNull();
    expect(serversHome()).not.toBe('');
  });
});
