import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadRules, parseRules } from '../../ingest/rules/load.js';
import { parsePath } from '../../ingest/rules/rule.js';
import { categories } from '../../src/model/categories.js';

const shipped = join(import.meta.dirname, '../../ingest/rules');

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  writeFileSync(join(folder, 'own.yaml'), text);
  return folder;
}

const link = (id: string, cause: string, effect: string): string =>
  `  - { id: ${id}, cause: { category: ${cause} }, effect: { category: ${effect} }, path: same, after: 30s, strength: 0.9, because: It does. }\n`;

describe('rules', () => {
  test('the shipped rules load, at least 40 of them, and every category that can be a root has wording', () => {
    const { links, causes } = loadRules([shipped]);
    expect(links.length).toBeGreaterThanOrEqual(40);
    const worded = new Set(causes.flatMap(({ pattern }) => [...pattern.categories]));
    const mechanisms = Object.entries(categories).filter(([, { prior, conclusive }]) => conclusive && prior >= 0.2);
    expect(mechanisms.map(([name]) => name).filter((name) => !worded.has(name as never))).toEqual([]);
  });

  test('a wrong rule is refused with its file, line, key and what it may be', () => {
    const { problems } = parseRules(
      'links:\n  - id: mine\n    cause: { category: container.oomkilled }\n    effect: { category: pod.not-ready }\n    path: effect LIKES cause\n    after: soon\n    strength: 1.5\n    because: x\n',
      'own.yaml',
    );
    expect(problems.join('\n')).toMatch(
      /own\.yaml:3: links\.0\.cause\.category.*"container\.oomkilled" is not a category/s,
    );
    expect(problems.join('\n')).toMatch(/own\.yaml:5: links\.0\.path: .*LIKES is none of/);
    expect(problems.join('\n')).toMatch(/own\.yaml:6: links\.0\.after: .*duration/);
    expect(problems.join('\n')).toMatch(/own\.yaml:7: links\.0\.strength/);
  });

  test('an unknown key is refused rather than ignored', () => {
    expect(parseRules('links: []\nlinkz: []\n', 'own.yaml').problems.join()).toMatch(/linkz/);
  });

  test('rules that let a problem explain itself on the same thing are refused', () => {
    const folder = folderWith(
      `links:\n${link('a-b', 'log.error', 'log.fatal')}${link('b-a', 'log.fatal', 'log.error')}`,
    );
    expect(() => loadRules([folder])).toThrow(/circle: log\.error → log\.fatal → log\.error/);
  });

  test('two rules of one name are refused', () => {
    const folder = folderWith(
      `links:\n${link('twin', 'log.error', 'log.fatal')}${link('twin', 'log.error', 'log.exception')}`,
    );
    expect(() => loadRules([folder])).toThrow(/two rules are called twin/);
  });

  test('a path is walked from the effect, whichever side the sentence begins with', () => {
    expect(parsePath('effect TARGETS Service SELECTS cause')).toEqual({
      start: 'target',
      startKind: 'Service',
      steps: [{ type: 'SELECTS', direction: 'out', kind: null }],
    });
    expect(parsePath('cause OWNS Pod RUNS_ON effect')).toEqual({
      start: 'unit',
      startKind: null,
      steps: [
        { type: 'RUNS_ON', direction: 'into', kind: 'Pod' },
        { type: 'OWNS', direction: 'into', kind: null },
      ],
    });
    expect(parsePath('effect cause')).toMatch(/no relation/);
    expect(parsePath('cause TARGETS effect')).toMatch(/only follows effect/);
  });
});
