import { describe, expect, test } from '@jest/globals';
import { all } from './scenarios/catalogue.js';
import { eventsOf, incidents, isExpected, verdicts } from './scenarios/play.js';

describe.each(all.map((scenario) => [scenario.id, scenario] as const))('%s', (_, scenario) => {
  test('is told as what it is', () => {
    const told = verdicts(incidents(eventsOf((w) => scenario.play(w))));
    if (scenario.expect === 'silent') expect(told).toEqual([]);
    else
      expect(told.slice(0, 1).map((first) => ({ ...first, expected: isExpected(scenario, first) }))).toMatchObject([
        { expected: true },
      ]);
  });

  test('and its near miss is not', () => {
    const told = verdicts(incidents(eventsOf((w) => scenario.guard(w))));
    if (scenario.expect === 'silent') expect(told).not.toEqual([]);
    else expect(told.slice(0, 1).filter((first) => isExpected(scenario, first))).toEqual([]);
  });
});
