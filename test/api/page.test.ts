import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../../src/api/server.js';
import { temporaryFolder } from '../servers/processes.js';
import { startApi } from './harness.js';
import { memoryStores, type OpenStores } from './stores.js';

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the page', () => {
  const folder = temporaryFolder();
  let stores: OpenStores;
  let api: Api;

  beforeAll(async () => {
    mkdirSync(join(folder.path, 'assets'));
    writeFileSync(join(folder.path, 'index.html'), '<!doctype html><title>the page</title>');
    writeFileSync(join(folder.path, 'assets', 'index-abc.js'), 'export {};');
    stores = await memoryStores();
    api = await startApi(stores, { pageFolder: folder.path });
  });
  afterAll(async () => {
    await api.stop();
    await stores.close();
    folder.remove();
  });

  test.each(['/', '/incidents/467e98e741736ba5', '/entity?id=lab%2F_%2FNode%2Fn', '/graph', '/sources'])(
    'is what a browser gets at %s, and may run nothing but its own files',
    async (path) => {
      const response = await fetch(`${api.url}${path}`, { headers: html });
      expect(await response.text()).toContain('the page');
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(response.headers.get('cache-control')).toBe('no-store');
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("trusted-types 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    },
  );

  test('has files that are kept for good, since their names change with their content', async () => {
    const response = await fetch(`${api.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(await response.text()).toBe('export {};');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('content-encoding')).toBe(null);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  test.each(['/assets/nothing.js', '/assets/..%2Findex.html', '/index.html', '/incidents'])(
    'is not everywhere: %s',
    async (path) => {
      expect((await fetch(`${api.url}${path}`, { headers: html })).status).toBe(404);
    },
  );

  test('leaves / to whoever does not ask for HTML as the word of text that it was', async () => {
    const response = await fetch(`${api.url}/`);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toContain('/graphql');
  });

  test('that is not built leaves the API as it is', async () => {
    const bare = await startApi(stores, { pageFolder: join(folder.path, 'nowhere') });
    const response = await fetch(`${bare.url}/`, { headers: html });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    await bare.stop();
  });
});
