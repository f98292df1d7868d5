import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { format } from 'prettier';
import { packageRoot } from '../../src/config/package-root.js';

/** A document of docs/ as text. */
export function document(name: string): string {
  return readFileSync(join(packageRoot(), 'docs', name), 'utf8');
}

/**
 * Holds the part of a document between `<!-- name -->` and `<!-- /name -->` to what the code says. With UPDATE_DOCS=1 the part is
 * written instead: UPDATE_DOCS=1 npm test -- test/house
 */
export async function expectPart(file: string, name: string, markdown: string): Promise<void> {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = document(file);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/${file} lacks ${begin} … ${end}`);
  const wanted = `${begin}\n\n${(await format(markdown, { parser: 'markdown', printWidth: 120 })).trim()}\n\n`;
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(join(packageRoot(), 'docs', file), text.slice(0, from) + wanted + text.slice(to));
  } else {
    expect(text.slice(from, to)).toBe(wanted);
  }
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
