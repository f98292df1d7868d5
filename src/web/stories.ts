import { useEffect, useState } from 'preact/hooks';
import { ApiFailure, ask } from './ask.js';
import { story, type IncidentStory, type Story } from './queries.js';

/** The stories of some incidents, as far as they have come, each asked for again when it is revised. */
export function useStories(
  wanted: readonly { readonly id: string; readonly revision: number }[],
): readonly IncidentStory[] {
  const [stories, setStories] = useState<readonly IncidentStory[]>([]);
  const key = JSON.stringify(wanted);
  useEffect(() => {
    let left = false;
    const load = async (id: string): Promise<IncidentStory | null> => {
      try {
        return (await ask<Story>(story, { id })).incident;
      } catch (error) {
        if (error instanceof ApiFailure) return null;
        throw error;
      }
    };
    void Promise.all(wanted.map(({ id }) => load(id))).then((answers) => {
      if (!left) setStories(answers.filter((answer) => answer !== null));
    });
    return () => {
      left = true;
    };
  }, [key]);
  return stories;
}
