import { readdirSync } from 'node:fs';
import type { Scenario } from './scenario.js';

/** Every scenario of this folder, by id: files named for a group, `a-…` to `k-…`. */
export const all: readonly Scenario[] = await load();

async function load(): Promise<Scenario[]> {
  const found: Scenario[] = [];
  for (const name of readdirSync(import.meta.dirname).filter((each) => /^[a-k]-[a-z-]+\.[jt]s$/.test(each))) {
    // One after the other: Jest's linker loses modules that two imports have in common.
    const { scenarios } = (await import(`./${name}`)) as { readonly scenarios: readonly Scenario[] };
    found.push(...scenarios);
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}
