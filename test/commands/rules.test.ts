import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { checkRules, differences, dryRun, explainRules, ruleFolders, testRules } from '../../src/commands/rules.js';
import { loadConfig } from '../../src/config/load-config.js';
import { packageRoot } from '../../src/config/package-root.js';
import { scenarios } from '../accuracy/scenarios/a-container-ends.js';
import { eventsOf, incidents } from '../accuracy/scenarios/play.js';

const config = loadConfig({ role: 'up', env: {} });
const shipped = ruleFolders(config, []);
const killed = scenarios.find(({ id }) => id === 'A01')!;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rules-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(text: string, name = 'own.yaml'): string[] {
  writeFileSync(join(folder, name), text);
  return ruleFolders(config, [folder]);
}

const slowMail = `links:
  - id: mail-slows-shop
    cause: { category: app.slow, kind: Deployment }
    effect: { category: call.timeout }
    path: effect TARGETS Service SELECTS cause
    after: 2m
    strength: 0.8
    because: The shop waits for its mail.
    fires:
      - cause: app.slow on Deployment/mail
        effect: call.timeout on Deployment/web to mail:25 after 20s
        given: [Service/mail SELECTS Deployment/mail]
`;

describe('throughline rules check', () => {
  test('says how many rules there are', () => {
    expect(checkRules(shipped)).toMatch(/^\d+ files, \d+ links, \d+ causes: all of them are valid\.\n$/);
  });

  test('names file, line and key of what is wrong', () => {
    const folders = write(slowMail.replace('strength: 0.8', 'strength: 8'));
    expect(() => checkRules(folders)).toThrow(/own\.yaml:7: links\.0\.strength: /);
  });
});

describe('throughline rules test', () => {
  test('plays the examples of the rules that are asked for', () => {
    expect(testRules(write(slowMail), 'mail-slows')).toBe('ok    mail-slows-shop  1 example, 0 near misses\n');
  });

  test('fails on a rule that does not do what its example says', () => {
    const folders = write(
      slowMail.replace(
        'given: [Service/mail SELECTS Deployment/mail]',
        'given: [Service/mail SELECTS Deployment/press]',
      ),
    );
    expect(() => testRules(folders, null)).toThrow(/own\.yaml: rule mail-slows-shop does not fire on its own example/);
  });

  test('says which rule may be meant', () => {
    expect(() => testRules(write(slowMail), 'mail-slow-shop')).toThrow(/is mail-slows-shop meant\?/);
  });
});

describe('throughline rules explain', () => {
  test('a link in words, with its path as it was written', () => {
    const text = explainRules(write(slowMail), 'mail-slows-shop');
    expect(text).toContain('path      effect TARGETS Service SELECTS cause');
    expect(text).toContain('the effect begins at most 2 min after the cause, and at most 5 s before it');
    expect(text).toContain('fires     app.slow on Deployment/shop/mail, then call.timeout on Deployment/shop/web');
  });

  test('paths that are written from the cause', () => {
    const folders = write(
      slowMail
        .replace('effect TARGETS Service SELECTS cause', 'cause OWNS ReplicaSet OWNS effect')
        .replace(/ {4}fires:[\s\S]*/, ''),
    );
    expect(explainRules(folders, 'mail-slows-shop')).toContain('path      cause OWNS ReplicaSet OWNS effect');
  });

  test('a cause with its words', () => {
    expect(explainRules(shipped, 'A01')).toContain('on        container.oom-killed');
  });

  test('a category: what leads to it and what it leads to', () => {
    const text = explainRules(shipped, 'container.oom-killed');
    expect(text).toMatch(/It may follow from\n(?: {2}.*\n)* {2}container\.memory-leak {2}\(leak-reaches-limit\)/);
    expect(text).toMatch(/It may bring about\n(?: {2}.*\n)* {2}container\.terminated .*\(oom-ends-container\)/);
  });
});

describe('throughline rules dry-run', () => {
  const recording = join(packageRoot(), 'recordings/01-oom-low-limit.jsonl.gz');
  const options = {
    files: [recording],
    config,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    progress: () => undefined,
  };

  test('shows the incident that would be told in other words', async () => {
    write(`causes:
  - id: own-words
    on: { category: container.oom-killed }
    title: '{name} wants more memory'
    rootCause: '{message}'
    recommendation: Ask the shop team.
`);
    const text = await dryRun({ ...options, folder });
    expect(text).toMatch(/^~ cart is killed at its memory limit/);
    expect(text).toContain('\n  cart wants more memory: container.oom-killed on Deployment/shop/cart (');
    expect(text).toContain('0 incidents would be told as before, 1 would not.');
  });

  test('shows that nothing changes', async () => {
    write(slowMail);
    expect(await dryRun({ ...options, folder })).toBe('1 incident would be told as before, 0 would not.\n');
  });

  test('what was not told before is new, what is not told any more is gone', () => {
    const told = incidents(eventsOf((w) => killed.play(w)));
    expect(differences([], told)).toMatch(
      /^\+ cart is killed .*\n0 incidents would be told as before, 1 would not\.\n$/,
    );
    expect(differences(told, [])).toMatch(
      /^- cart is killed .*\n0 incidents would be told as before, 1 would not\.\n$/,
    );
  });
});
