import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ThroughlineError } from '../../src/errors.js';

/**
 * What past incidents with a known cause have taught of one cluster: how often each alert fired on a thing that was not to blame, and
 * how much each kind of alert spoke for the thing it was on. Learned, not known: it speaks only where no rule does (weigh.ts).
 */
export interface Experience {
  /** Past incidents that it was learned from; 0 where nothing is known of the cluster and only the weights are given. */
  readonly incidents: number;
  /** By thing: in how many of them it was to blame. */
  readonly blamed: ReadonlyMap<string, number>;
  /** By `<thing> <alert>`: in how many of them the alert fired and its thing was not to blame. */
  readonly innocent: ReadonlyMap<string, number>;
  /** By feature (weigh.ts): the log odds that one unit of it adds. */
  readonly weights: ReadonlyMap<string, number>;
}

/** By cluster; `*` stands for those that nothing is known of. */
export type Experiences = ReadonlyMap<string, Experience>;

const counts = z.record(z.string(), z.number().int().min(0));
const form = z.record(
  z.string(),
  z.strictObject({
    /** From what it was learned, and how. */
    provenance: z.string(),
    incidents: z.number().int().min(0),
    blamed: counts,
    innocent: counts,
    weights: z.record(z.string(), z.number()),
  }),
);

/** Reads files of experiences; a later one goes before an earlier. Fails with RULE_INVALID, naming the file and what is wrong in it. */
export function loadExperiences(files: readonly string[]): Experiences {
  const experiences = new Map<string, Experience>();
  for (const file of files)
    for (const [cluster, { incidents, blamed, innocent, weights }] of Object.entries(readForm(file)))
      experiences.set(cluster, {
        incidents,
        blamed: new Map(Object.entries(blamed)),
        innocent: new Map(Object.entries(innocent)),
        weights: new Map(Object.entries(weights)),
      });
  return experiences;
}

function readForm(file: string): z.infer<typeof form> {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ThroughlineError('RULE_INVALID', `the experience in ${file} cannot be read`, { cause });
  }
  const parsed = form.safeParse(read);
  if (parsed.success) return parsed.data;
  throw new ThroughlineError('RULE_INVALID', `${file} is no experience:\n${z.prettifyError(parsed.error)}`);
}

/** What is known of a cluster, or of clusters at large; null when neither is. */
export function experienceOf(experiences: Experiences, cluster: string): Experience | null {
  return experiences.get(cluster) ?? experiences.get('*') ?? null;
}
