import { expect, test } from '@jest/globals';
import { errorCodes } from '../../src/errors.js';
import { document } from './document.js';

const sections = document('errors.md')
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ code: section.split('\n')[0]!.trim(), body: section.slice(section.indexOf('\n')).trim() }));

test('docs/errors.md has a section for every code, in the order of the table, and for no other', () => {
  expect(sections.map((section) => section.code)).toEqual(Object.keys(errorCodes));
});

test.each(sections)('$code says its kind, what it means and what to do', ({ code, body }) => {
  expect(body).toMatch(new RegExp(`^_${errorCodes[code as keyof typeof errorCodes]?.kind}_`));
  expect(body).toMatch(/\*\*What to do\.\*\* \S.{20}/);
});
