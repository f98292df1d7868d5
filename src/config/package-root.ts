import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this package, whether the code runs from its sources or from dist/: the nearest folder upward whose package.json
 * is named `throughline`. Files that ship uncompiled (cypher/, schema/schema.graphql, src/web/, recordings) are found from here.
 */
export function packageRoot(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && nameIn(manifest) === 'throughline') return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json named throughline in ${from} or above it`);
  }
}

function nameIn(manifest: string): unknown {
  const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof content === 'object' && content !== null && 'name' in content ? content.name : null;
}
