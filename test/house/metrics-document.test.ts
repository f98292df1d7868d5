import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../src/config/package-root.js';
import { expectPart, table } from './document.js';

interface Metric {
  readonly kind: string;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every `new Counter({ name, help, labelNames })` of the product, read from its sources so that none needs to run. */
function metricsOfSources(): Metric[] {
  const files = ['src', 'agent', 'ingest', 'schema'].flatMap((folder) =>
    readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(packageRoot(), folder, file)),
  );
  return files.flatMap(metricsOfFile).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function metricsOfFile(file: string): Metric[] {
  const found: Metric[] = [];
  /** Functions that make metrics from `(name, help, …)`: what they are called, and what they make. */
  const makers = new Map<string, Pick<Metric, 'kind' | 'labels'>>();
  const visit = (node: ts.Node, within: string | null): void => {
    const inside =
      ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer);
    if (ts.isNewExpression(node) && /^(Counter|Gauge|Histogram|Summary)$/.test(node.expression.getText())) {
      const options = node.arguments?.[0];
      if (options !== undefined && ts.isObjectLiteralExpression(options)) {
        const kind = node.expression.getText().toLowerCase();
        const labels = [
          ...(property(options, 'labelNames')
            ?.getText()
            .matchAll(/'([^']+)'/g) ?? []),
        ].map((match) => match[1]!);
        const name = constantText(property(options, 'name'));
        if (name === null && within !== null) makers.set(within, { kind, labels });
        else
          found.push({ kind, labels, name: name ?? `in ${file}`, help: constantText(property(options, 'help')) ?? '' });
      }
    }
    const made = ts.isCallExpression(node) ? makers.get(node.expression.getText()) : undefined;
    if (made !== undefined) {
      const [name, help] = (node as ts.CallExpression).arguments;
      found.push({ ...made, name: constantText(name) ?? `in ${file}`, help: constantText(help) ?? '' });
    }
    ts.forEachChild(node, (child) => visit(child, inside ? node.name.getText() : within));
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true), null);
  return found;
}

function property(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((candidate) => candidate.name?.getText() === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

/** The text of a literal, or of literals joined by `+`; null when it is made at run time. */
function constantText(node: ts.Expression | undefined): string | null {
  if (node === undefined) return null;
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isBinaryExpression(node)) return null;
  const [left, right] = [constantText(node.left), constantText(node.right)];
  return left === null || right === null ? null : left + right;
}

describe('metrics', () => {
  const metrics = metricsOfSources();

  test.each(metrics)('$name is named by the conventions of Prometheus and explained', ({ kind, name, help }) => {
    expect(name).toMatch(/^throughline_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(help).toMatch(/^\S.{15,}\.$/s);
  });

  test('are defined once each', () => {
    const names = metrics.map((metric) => metric.name);
    expect(names).toEqual([...new Set(names)]);
  });

  test('are all in docs/metrics.md', async () => {
    const rows = metrics.map(({ name, kind, labels, help }) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', ') || '–',
      help,
    ]);
    await expectPart('metrics.md', 'metrics', table(['name', 'kind', 'labels', 'what it says'], rows));
  });
});
