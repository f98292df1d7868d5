import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDrain, type LogTemplate } from '../../../ingest/detect/drain.js';

const words = (template: LogTemplate) => template.tokens.join(' ');

describe('log templates', () => {
  test('numbers, addresses, ids, paths and URLs never tell lines apart', () => {
    const drain = createDrain();
    const lines = [
      'request 17 from 10.0.0.1:5123 to /items/9 took 12ms id 3f2a9c1e-0000-4000-8000-1234567890ab via http://a.example/x?y=1',
      'request 18 from 10.0.0.2:80 to /users took 7.5ms id 0c1d2e3f-1111-4111-8111-abcdefabcdef via https://b.example/',
    ];
    const [first, second] = lines.map((line) => drain.add(line));
    expect(second).toBe(first);
    expect(words(first!)).toBe('request <*> from <*> to <*> took <*> id <*> via <*>');
    expect(first!.count).toBe(2);
  });

  test('words that say the opposite stay apart', () => {
    const drain = createDrain();
    const ids = ['VM started (lifecycle event)', 'VM stopped (lifecycle event)', 'VM paused (lifecycle event)'].map(
      (line) => drain.add(line).id,
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('a word that takes ever more values is a name, and its templates become one', () => {
    const drain = createDrain();
    const seen = ['anna', 'bert', 'carl', 'dora', 'emil', 'fritz', 'gerd'].map((name) =>
      drain.add(`session of ${name} was closed`),
    );
    const last = seen.at(-1)!;
    expect(words(last)).toBe('session of <*> was closed');
    expect(last.count).toBe(7);
    const first = seen[0]!;
    expect(first.mergedInto ?? first).toBe(last);
    expect(seen[3]!.mergedInto).toBe(last);
    expect(drain.size).toBe(1);
  });

  test('identifiers may differ when most of a line agrees', () => {
    const drain = createDrain();
    const first = drain.add('lease com.example.app1.main was renewed by its holder');
    expect(drain.add('lease com.example.app2.side was renewed by its holder')).toBe(first);
  });

  test('lines of different length have different templates', () => {
    const drain = createDrain();
    expect(drain.add('disk is full').id).not.toBe(drain.add('disk is nearly full').id);
  });

  test('memory is bounded: the template that was not used for longest goes first', () => {
    const drain = createDrain({ maxTemplates: 3 });
    const kept = drain.add('alpha one two');
    for (const line of ['beta x', 'gamma y z', 'alpha one two', 'delta v w u', 'epsilon k']) drain.add(line);
    expect(drain.size).toBe(3);
    expect(drain.add('alpha one two').id).toBe(kept.id);
  });

  test('an empty line and a very long one are lines too', () => {
    const drain = createDrain({ maxTokens: 16 });
    expect(drain.add('').id).toBe(drain.add('   ').id);
    expect(drain.add('x '.repeat(10_000)).tokens).toHaveLength(16);
  });

  test('the same lines in the same order give the same templates', () => {
    const line = fc
      .array(fc.constantFrom('open', 'closed', 'user', '17', 'a.b.c', '10.0.0.1', '/x/y', 'by', 'x=true'), {
        maxLength: 6,
      })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const run = () => {
          const drain = createDrain({ maxTemplates: 20 });
          return lines.map((text) => `${drain.add(text).id}`);
        };
        expect(run()).toEqual(run());
      }),
    );
  });
});
