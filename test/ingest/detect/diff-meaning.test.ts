import { describe, expect, test } from '@jest/globals';
import { readDiff } from '../../../ingest/detect/diff-lines.js';
import { readDiffMeaning } from '../../../ingest/detect/diff-meaning.js';
import { wordsOf } from '../../../ingest/detect/identifiers.js';

const does = (path: string, ...lines: string[]): readonly string[] => readDiffMeaning(lines.join('\n'), [path]).does;

describe('what a diff changes', () => {
  test('lines that moved, comments, imports and what only tells are left out', () => {
    const diff = [
      '--- a/cart/store.go',
      '+++ b/cart/store.go',
      '@@ -1,9 +1,9 @@',
      '-import "os"',
      '-\tn := total(items)',
      '-\tlog.Debug("old")',
      '-\treturn n // for now',
      '+\tlogger.Info("new",',
      '+\t\t"count", n)',
      '+\treturn   n',
      '+}',
      '+func twice() int {',
      '+\tn := total(items)',
    ].join('\n');
    expect(readDiff(diff, ['cart/store.go'])).toEqual({
      removed: [],
      added: ['func twice() int {'],
      moved: ['n := total(items)', 'return n'],
    });
  });

  test('files that no program reads do nothing', () => {
    for (const path of ['docs/pool.md', 'cart/pool_test.go', '.github/workflows/ci.yml', 'web/style.css'])
      expect(does(path, '-  maxConns: 50', '+  maxConns: 5')).toEqual([]);
  });

  test('words of identifiers: parts, in lower case and singular, without what every program says', () => {
    expect([...wordsOf('registerPredefinedAgents(ctx, cart_retries) HTTPServer')].sort()).toEqual([
      'agent',
      'cart',
      'predefined',
      'register',
      'retry',
    ]);
  });
});

describe('what a diff does', () => {
  test.each([
    ['null-guard-removed', '-  if user.address is None:', '-    return ""', '+  return user.address.city'],
    ['lock-removed', '-  synchronized (this) { total += n; }', '+  total += n;'],
    ['release-removed', '-  defer rows.Close()', '+  rows.Next()'],
    ['batching-removed', '-  await db.insertMany(rows)', '+  for (const row of rows) await db.insert(row)'],
    ['timeout-lowered', '-  timeout: 30s', '+  timeout: 500ms'],
    ['retry-raised', '-  maxRetries = 3', '+  maxRetries = 30'],
    ['limit-lowered', '-const poolSize = 40;', '+const poolSize = 4;'],
    ['limit-lowered', '-    memory: 1Gi', '+    memory: 128Mi'],
    ['limit-raised', '-  new ThreadPool(workers, 8)', '+  new ThreadPool(workers, 800)'],
    ['lifetime-lowered', '-  SESSION_TTL = 3600', '+  SESSION_TTL = 36'],
    ['log-volume-raised', '-  level: warn', '+  level: trace'],
    ['switch-flipped', '-  strictMode: false', '+  strictMode: true'],
    ['call-removed', '-  registerRoutes(app);', '+  app.ready = true;'],
    ['field-renamed', '-  Total int `json:"total"`', '+  Total int `json:"sum"`'],
    ['text-setting-changed', '-  queue: orders', '+  queue: orders-v2'],
    ['query-changed', '-SELECT id FROM orders WHERE day = ? LIMIT 100', '+SELECT id FROM orders WHERE day = ?'],
    ['acknowledgement-removed', '-  channel.ack(message)', '+  done(message)'],
  ])('%s: %s', (deed, ...lines) => {
    expect(does('cart/src/main.ts', ...lines)).toContain(deed);
  });

  test('a number that is hardly another does nothing, nor does a sentence for people', () => {
    expect(does('cart/config.yaml', '-  maxEntries: 1000', '+  maxEntries: 1100')).toEqual([]);
    expect(does('cart/errors.ts', "-  message: 'nothing was fuond'", "+  message: 'nothing was found'")).toEqual([]);
  });

  test('a refactoring that keeps every guard does nothing', () => {
    expect(
      does(
        'cart/check.go',
        '-\tif n < 0 || n > 90 {',
        '-\t\treturn outOfRange("n", n)',
        '-\t}',
        '+\treturn checkRange("n", n, 0, 90)',
      ),
    ).toEqual([]);
  });

  test('a patch of a dependency does nothing, another version may, and names the module that it raises', () => {
    expect(does('go.mod', '-\tgithub.com/acme/pkg/schema v0.8.2', '+\tgithub.com/acme/pkg/schema v0.8.3')).toEqual([]);
    const raised = readDiffMeaning('-\tgithub.com/acme/pkg/schema v0.8.2\n+\tgithub.com/acme/pkg/schema v0.9.0', [
      'go.mod',
    ]);
    expect(raised.does).toEqual(['dependency-changed']);
    expect(raised.modules).toContain('pkg/schema');
  });

  test('what is gone is remembered by name, and said in words', () => {
    const meaning = readDiffMeaning('-  Total int `json:"total"`\n+  Sum int `json:"sum"`', ['pkg/order/order.go']);
    expect(meaning.gone).toContain('total');
    expect(meaning.summary).toBe('a field has another name');
    expect(meaning.terms).toContain('order');
  });
});
