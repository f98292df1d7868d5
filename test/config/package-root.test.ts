import { expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import { temporaryFolder } from '../servers/processes.js';

test('the package is found from any folder below it, past the manifests of others', () => {
  const folder = temporaryFolder();
  const deep = join(folder.path, 'dist', 'src', 'config');
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(folder.path, 'package.json'), '{"name": "throughline"}');
  writeFileSync(join(folder.path, 'dist', 'package.json'), '{"type": "module"}');
  expect(packageRoot(deep)).toBe(folder.path);
  folder.remove();
});

test('outside of the package there is none', () => {
  const folder = temporaryFolder();
  expect(() => packageRoot(folder.path)).toThrow('no package.json named throughline');
  folder.remove();
});
