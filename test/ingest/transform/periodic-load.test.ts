import { describe, expect, test } from '@jest/globals';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';
import { createWorld, events, time } from './world.js';

/** Runs and hiccups by minutes after ten; returns what is said of CronJobs. */
function play(runs: readonly number[], hiccups: readonly number[]): UnifiedEvent[] {
  const world = createWorld();
  const clock = (minute: number): string =>
    `${String(10 + Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`;
  const moments = [
    ...runs.map((minute) => ({ minute, run: true })),
    ...hiccups.map((minute) => ({ minute, run: false })),
  ].sort((a, b) => a.minute - b.minute);
  const found = moments.flatMap(({ minute, run }) => {
    if (!run) return world.log(clock(minute), 'GET http://store:8080/items failed: read ETIMEDOUT');
    const ownerReferences = [
      { apiVersion: 'batch/v1', kind: 'CronJob', name: 'report', uid: 'uid-report', controller: true },
    ];
    const metadata = {
      name: `report-${minute}`,
      namespace: 'market',
      uid: `uid-${minute}`,
      creationTimestamp: time(clock(minute)),
      ownerReferences,
    };
    return world.observe(
      clock(minute),
      { apiVersion: 'batch/v1', kind: 'Job', metadata, status: { active: 1 } },
      { action: 'ADDED' },
    );
  });
  return events(found).filter(({ semantic }) => semantic.category === 'app.periodic-load');
}

describe('batch work that slows others', () => {
  test('is told when each time it runs somebody waits, from the third time on', () => {
    const told = play([0, 60, 120, 180], [1, 61, 121, 181]);
    expect(told.map(({ entity, count }) => `${entity.kind}/${entity.name} ${count}`)).toEqual([
      'CronJob/report 3',
      'CronJob/report 4',
    ]);
    expect(told[0]!.semantic.attributes.victim).toBe('test/market/Container/web-1/web');
  });

  test('is not told when they wait at other times as well', () => {
    expect(play([0, 60, 120, 180], [1, 61, 95, 121, 181])).toEqual([]);
  });

  test('is not told when most runs went by without it', () => {
    expect(play([0, 20, 40, 60, 80, 100, 120], [1, 61, 121])).toEqual([]);
  });

  test('is not told of what runs all the time', () => {
    expect(play([0, 5, 10, 15, 20, 25, 30], [1, 11, 21, 31])).toEqual([]);
  });
});
