import { readdirSync } from 'node:fs';
import type { Scenario } from './scenario.js';

/** Every scenario of this folder, by id: files named for a group, `a-…` to `k-…`. */
export const all: readonly Scenario[] = await load();

async function load(): Promise<Scenario[]> {
  const names = readdirSync(import.meta.dirname).filter((name) => /^[a-k]-[a-z-]+\.[jt]s$/.test(name));
  const files = await Promise.all(
    names.map((name) => import(`./${name}`) as Promise<{ readonly scenarios: readonly Scenario[] }>),
  );
  return files.flatMap(({ scenarios }) => scenarios).sort((a, b) => (a.id < b.id ? -1 : 1));
}
