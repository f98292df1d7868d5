import type { SourceHealth } from '../../src/model/finding.js';
import { round, type Story } from './story.js';

/** What a verdict loses when nobody sees: a quarter, so that a cause of which much was seen is still named. */
const mostLost = 0.25;

/** A source that is down sees nothing; one that is degraded, half. Share of all sources, 0 to 1. */
export function blindShare(sources: readonly SourceHealth[]): number {
  if (sources.length === 0) return 0;
  const blind = sources.reduce((sum, { state }) => sum + (state === 'down' ? 1 : state === 'degraded' ? 0.5 : 0), 0);
  return blind / sources.length;
}

/**
 * Stories as sure as one may be of them while some sources are blind: what they would have seen may speak for another cause. The same
 * story at the same share is the same object, so that nothing is told again.
 */
export function createDoubt(): (stories: readonly Story[], share: number) => readonly Story[] {
  const doubted = new WeakMap<Story, { readonly share: number; readonly told: Story }>();
  return (stories, share) => {
    if (share === 0) return stories;
    return stories.map((story) => {
      const known = doubted.get(story);
      if (known?.share === share) return known.told;
      const kept = 1 - mostLost * share;
      const told: Story = {
        ...story,
        confidence: round(story.confidence * kept),
        alternatives: story.alternatives.map((other) => ({ ...other, confidence: round(other.confidence * kept) })),
        contradictions: [
          ...story.contradictions,
          {
            text: `${Math.round(100 * share)} % of the sources are blind: what they would have seen may speak for another cause`,
            weight: round(Math.log(kept)),
            eventId: null,
          },
        ],
      };
      doubted.set(story, { share, told });
      return told;
    });
  };
}
