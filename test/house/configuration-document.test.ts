import { expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, settingsOf } from '../../src/config/load-config.js';
import { temporaryFolder } from '../servers/processes.js';
import { document, expectPart, table } from './document.js';

test('docs/configuration.md lists every key with its variable, its default and what it may be', async () => {
  const alone = settingsOf('ingest');
  const settings = [...settingsOf('up')];
  const sections = [...new Set(settings.map(([key]) => key.split('.')[0]!))];
  const parts = sections.map((section) => {
    const own = settings.filter(([key]) => key.startsWith(`${section}.`));
    const rows = own.map(([key, info]) => {
      const other = alone.get(key)!;
      const fallback = info.fallback === null ? '–' : `\`${info.fallback}\``;
      const variables = info.secret ? `\`${info.env}\`, \`${info.env}_FILE\`` : `\`${info.env}\``;
      return [
        `\`${key}\``,
        variables,
        other.fallback === info.fallback ? fallback : `${fallback} for \`up\`, else \`${other.fallback}\``,
        `${info.about} It must be ${info.allowed}.`,
      ];
    });
    return `## ${section}\n\n${table(['key', 'environment', 'default', 'meaning'], rows)}`;
  });
  await expectPart('configuration.md', 'keys', parts.join('\n\n'));
});

test('the example in docs/configuration.md is a valid configuration', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(document('configuration.md'))?.[1];
  const folder = temporaryFolder();
  const file = join(folder.path, 'throughline.yaml');
  writeFileSync(file, example!);
  const config = loadConfig({ role: 'ingest', file, env: { SITE: 'north' } });
  expect(config.cluster.name).toBe('north');
  expect(config.correlation.windowMs).toBe(45_000);
  folder.remove();
});
