import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { drawnBy, failingFixtures } from '../../ingest/rules/fixture.js';
import { loadRules, parseRules } from '../../ingest/rules/load.js';

const ingest = join(import.meta.dirname, '../../ingest');
const { links, causes } = loadRules([join(ingest, 'rules')]);

const sources = ['.', 'derive', 'transform', 'transform/kubernetes', 'detect']
  .flatMap((folder) => readdirSync(join(ingest, folder)).map((name) => join(ingest, folder, name)))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

/** Something in ingest writes an attribute (or a fact of the event's context) of this name. */
function isSet(name: string): boolean {
  return new RegExp(
    `(?:[{,\\s]${name}(?::|,|,? })|attributes\\.${name} \\??=|facts\\.${name} =|\\(\\?<${name}>|as: '${name}')`,
    'm',
  ).test(sources);
}

describe('fixtures of the shipped rules', () => {
  test.each(links.map((link) => [link.id, link] as const))(
    '%s fires on its example, and on nothing that its guards show',
    (_, link) => {
      expect(link.fires.length).toBeGreaterThan(0);
      expect(link.guards.length).toBeGreaterThan(0);
      // Against all rules: it is this one that draws the edge, not a stronger one beside it.
      expect(link.fires.map((fixture) => drawnBy(fixture, links))).toEqual(link.fires.map(() => link.id));
      expect(link.guards.map((fixture) => drawnBy(fixture, [link]))).toEqual(link.guards.map(() => null));
      for (const { cause, effect } of [...link.fires, ...link.guards]) {
        expect([...link.cause.categories]).toContain(cause.category);
        expect([...link.effect.categories]).toContain(effect.category);
      }
    },
  );

  test('a rule that contradicts its own examples is refused when it is loaded', () => {
    const { rules } = parseRules(
      [
        'links:',
        '  - id: mine',
        '    cause: { category: container.oom-killed }',
        '    effect: { category: log.error }',
        '    path: same',
        '    after: 10s',
        '    strength: 0.5',
        '    because: It says so.',
        "    fires: [{ cause: 'container.oom-killed on Deployment/a', effect: 'log.error on Deployment/b after 1s' }]",
        "    guards: [{ because: it is late, cause: 'container.oom-killed on Deployment/a', effect: 'log.error on Deployment/a after 5s' }]",
      ].join('\n'),
      'own.yaml',
    );
    expect(failingFixtures(rules.links[0]!)).toEqual([
      'rule mine does not fire on its own example: container.oom-killed on Deployment/a, log.error on Deployment/b',
      'rule mine fires although it is late: container.oom-killed on Deployment/a, log.error on Deployment/a',
    ]);
  });

  test('a fixture that cannot be read is refused with what it should say', () => {
    const { problems } = parseRules(
      [
        'links:',
        '  - id: mine',
        '    cause: { category: container.oom-killed }',
        '    effect: { category: log.error }',
        '    path: same',
        '    after: 10s',
        '    strength: 0.5',
        '    because: It says so.',
        "    fires: [{ cause: 'container.oom-killed at Deployment/a', effect: 'log.eror on Deployment/b after soon', given: [Service/a LIKES Deployment/a] }]",
      ].join('\n'),
      'own.yaml',
    );
    expect(problems.join('\n')).toMatch(/own\.yaml:9: .*cause.*wanted "<category> on <Kind>\/<name>"/);
    expect(problems.join('\n')).toMatch(/own\.yaml:9: .*effect.*"log\.eror" is not a category/);
    expect(problems.join('\n')).toMatch(/own\.yaml:9: .*given.*wanted one of OWNS/);
  });

  test('every category that a rule speaks of is one that something in ingest can say', () => {
    const spoken = [
      ...links.flatMap(({ cause, effect }) => [...cause.categories, ...effect.categories]),
      ...causes.flatMap(({ pattern }) => [...pattern.categories]),
    ];
    expect([...new Set(spoken)].filter((category) => !sources.includes(`'${category}'`)).sort()).toEqual([]);
  });

  test('every wording ends in a text that needs nothing but the names of the thing, and asks for no attribute that nobody sets', () => {
    const always = new Set(['name', 'entity', 'kind', 'namespace', 'message', 'category']);
    const asked = (text: string): string[] => [...text.matchAll(/\{([\w.-]+)\}/g)].map((match) => match[1]!);
    const unsure: string[] = [];
    const unknown = new Set<string>();
    for (const { id, title, rootCause, recommendation } of causes) {
      for (const texts of [title, rootCause, recommendation]) {
        if (!asked(texts.at(-1)!).every((name) => always.has(name))) unsure.push(`${id}: ${texts.at(-1)!}`);
        for (const name of texts.flatMap(asked)) if (!always.has(name) && !isSet(name)) unknown.add(`${id}: ${name}`);
      }
    }
    expect(unsure).toEqual([]);
    expect([...unknown]).toEqual([]);
  });

  test('the examples in docs/rules.md are valid, and the words of a folder of one’s own come first', () => {
    const text = readFileSync(join(ingest, '../docs/rules.md'), 'utf8');
    const folder = mkdtempSync(join(tmpdir(), 'rules-'));
    [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].forEach((match, i) =>
      writeFileSync(join(folder, `${i}.yaml`), match[1]!),
    );
    const loaded = loadRules([join(ingest, 'rules'), folder]);
    expect(loaded.links.length).toBe(links.length + 1);
    expect(loaded.causes[0]!.id).toBe('cache-full');
    rmSync(folder, { recursive: true });
  });

  test('a folder of rules that is not there is said to be so', () => {
    expect(() => loadRules(['/nowhere/rules'])).toThrow(/the folder of rules \/nowhere\/rules cannot be read/);
  });
});
