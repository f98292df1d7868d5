import { describe, expect, test } from '@jest/globals';
import { changeFits, readDeeds, type ChangeWords } from '../../ingest/correlate/change-words.js';

const change = (does: string, more: Partial<ChangeWords> = {}): ChangeWords => ({
  does: readDeeds(does),
  terms: new Set(),
  gone: [],
  values: [],
  files: [],
  ...more,
});
const nobody = new Set<string>();

describe('whether what a change does fits what went wrong', () => {
  test('a diff that does nothing never fits', () => {
    expect(changeFits(change('', { terms: new Set(['coupon']) }), 'panic in coupon', nobody)).toBe(0);
  });

  test('another effect than its own does not fit, however many words are the same', () => {
    const lock = change('lock-removed', { terms: new Set(['coupon', 'cart']) });
    expect(changeFits(lock, 'coupon of cart: certificate has expired', nobody)).toBe(0);
    expect(changeFits(lock, 'fatal error: concurrent map writes in coupon', nobody)).toBe(0.9);
  });

  test('the more the error speaks of what was touched, the better; names of the thing itself do not count', () => {
    const limit = (terms: string[]): number =>
      changeFits(
        change('limit-lowered', { terms: new Set(terms) }),
        'cart: connection pool exhausted',
        new Set(['cart']),
      );
    expect([limit([]), limit(['cart']), limit(['pool']), limit(['pool', 'connection'])]).toEqual([0.65, 0.65, 0.9, 1]);
  });

  test('a vague deed needs words that are the same', () => {
    expect(changeFits(change('call-removed'), 'handler not found', nobody)).toBe(0);
    expect(
      changeFits(change('call-removed', { terms: new Set(['handler', 'coupon']) }), 'coupon not found', nobody),
    ).toBe(0.6);
  });

  test('an error that quotes a name that is gone, or a trace through a changed file, points at it', () => {
    expect(changeFits(change('field-renamed', { gone: ['meta'] }), "missing required field 'meta'", nobody)).toBe(1);
    expect(changeFits(change('field-renamed', { gone: ['meta'] }), 'missing required field metadata', nobody)).toBe(0);
    expect(changeFits(change('number-changed', { files: ['window.go'] }), 'at Allow(window.go:38)', nobody)).toBe(0.7);
  });

  test('what is no deed is not read as one', () => {
    expect(readDeeds('lock-removed nonsense')).toEqual(['lock-removed']);
  });
});
