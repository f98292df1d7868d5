import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closure, costOf, leak, linksOf, solve, type Area } from '../../ingest/correlate/solve.js';

const priors = [0.002, 0.02, 0.04, 0.08, 0.1, 0.15, 0.2, 0.4];

/** Areas as the engine makes them: a change that brings about nothing cannot be a cause. */
const areas = fc.integer({ min: 1, max: 9 }).chain((size) =>
  fc
    .record({
      strengths: fc.array(fc.option(fc.double({ min: 0.02, max: 0.99, noNaN: true }), { freq: 2 }), {
        minLength: size * size,
        maxLength: size * size,
      }),
      priorOf: fc.array(fc.constantFrom(...priors), { minLength: size, maxLength: size }),
      wants: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
    })
    .map(({ strengths, priorOf, wants }): Area => {
      const edges = strengths.flatMap((strength, i) => {
        const [from, to] = [Math.floor(i / size), i % size];
        return strength === null || from === to ? [] : [{ from, to, strength }];
      });
      return {
        size,
        causeCost: Float64Array.from(priorOf, (prior, i) =>
          !wants[i] && edges.every(({ from }) => from !== i) ? Infinity : -Math.log(prior),
        ),
        wants: Uint8Array.from(wants, Number),
        edges,
      };
    }),
);

/**
 * The least cost of all sets of causes. What brings about nothing is, as in the solver, its own cause only where that is cheaper than
 * how the rest explains it: a failing thing blames itself only when nothing upstream does better.
 */
function leastCost(area: Area): number {
  const links = linksOf(area);
  const sink = (i: number): boolean => links.outgoing[i]!.length === 0;
  let best = Infinity;
  let chosen: number[] = [];
  for (let subset = 0; subset < 1 << area.size; subset++) {
    const causes = [...Array(area.size).keys()].filter((i) => subset & (1 << i));
    if (causes.some((i) => area.causeCost[i] === Infinity || (sink(i) && links.incoming[i]! > 0))) continue;
    const cost = costOf(area, links, causes);
    if (cost >= best - 1e-9) continue;
    best = cost;
    chosen = causes;
  }
  for (let i = 0; i < area.size; i++) {
    if (!sink(i) || !area.wants[i] || chosen.includes(i)) continue;
    const cost = costOf(area, links, [...chosen, i]);
    if (cost >= best - 1e-9) continue;
    best = cost;
    chosen = [...chosen, i];
  }
  return best;
}

describe('the most probable explanation', () => {
  test('of an area of up to nine problems is what trying every set of causes finds', () => {
    fc.assert(
      fc.property(areas, (area) => {
        expect(solve(area, closure(area)).cost).toBeCloseTo(leastCost(area), 6);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  test('costs what it says it costs', () => {
    fc.assert(
      fc.property(areas, (area) => {
        const { causes, cost } = solve(area, closure(area));
        expect(costOf(area, linksOf(area), causes)).toBeCloseTo(cost, 9);
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  test('has what is forced and has not what is banned', () => {
    fc.assert(
      fc.property(areas, (area) => {
        const able = [...area.causeCost.keys()].filter((i) => area.causeCost[i] !== Infinity);
        fc.pre(able.length > 1);
        const [banned, forced] = able as [number, number];
        const { causes } = solve(area, closure(area), { banned, forced });
        expect(causes).toContain(forced);
        expect(causes).not.toContain(banned);
      }),
      { numRuns: 300, seed: 9 },
    );
  });

  test('keeps two causes apart that explain different things, however many problems there are', () => {
    const size = 82;
    const area: Area = {
      size,
      causeCost: Float64Array.from({ length: size }, (_, i) => -Math.log(i < 2 ? 0.2 : 0.002)),
      wants: new Uint8Array(size).fill(1),
      edges: Array.from({ length: size - 2 }, (_, i) => ({ from: i % 2, to: i + 2, strength: 0.8 })),
    };
    expect(solve(area, closure(area)).causes).toEqual([0, 1]);
  });

  test('of a lone symptom is the symptom', () => {
    const area: Area = { size: 1, causeCost: Float64Array.of(-Math.log(0.002)), wants: Uint8Array.of(1), edges: [] };
    const { causes, cost } = solve(area, closure(area));
    expect(causes).toEqual([0]);
    expect(cost).toBeLessThan(-Math.log(leak));
  });
});

test('the best chains are those of Floyd and Warshall', () => {
  fc.assert(
    fc.property(areas, (area) => {
      const { size, edges } = area;
      const expected = new Float64Array(size * size);
      for (const { from, to, strength } of edges) expected[from * size + to] = strength;
      for (let k = 0; k < size; k++)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) {
            const through = expected[i * size + k]! * expected[k * size + j]!;
            if (through > expected[i * size + j]!) expected[i * size + j] = through;
          }
      const chains = closure(area);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          if (i === j) continue;
          const reached = area.causeCost[i] === Infinity ? 0 : expected[i * size + j]!;
          expect(chains.strength[i * size + j]).toBeCloseTo(reached, 12);
          const last = chains.lastEdge[i * size + j]!;
          expect(last === -1 ? 0 : Number(edges[last]!.to === j)).toBe(Number(reached > 0));
        }
      }
    }),
    { numRuns: 300, seed: 10 },
  );
});
