import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../src/config/package-root.js';
import { recordings, type Accuracy, type Figure } from './recordings.js';

/** Labelled sets by name; the folder is where one is looked for without `--data`, null where it has to be given. */
const sets: Readonly<
  Record<string, { readonly folder: string | null; readonly score: (folder: string) => Promise<Accuracy> }>
> = {
  recordings: { folder: 'recordings', score: recordings },
};

interface Given {
  readonly set: string;
  readonly data?: string;
  readonly json?: string;
}

/** `npm run accuracy -- --set NAME --data DIR --json FILE`: scores the engine on a labelled set and prints what it got wrong. */
const program: Command = new Command('accuracy')
  .requiredOption('--set <name>', `one of ${Object.keys(sets).join(', ')}`)
  .option('--data <folder>', 'where the set is')
  .option('--json <file>', 'write {set, figures, cases} there')
  .action(async (given: Given) => {
    const set = sets[given.set];
    if (!set) program.error(`there is no set ${given.set}; it must be one of ${Object.keys(sets).join(', ')}`);
    const folder = given.data ?? (set.folder === null ? null : join(packageRoot(), set.folder));
    if (folder === null) program.error(`--data has to say where the set ${given.set} is`);
    const accuracy = await set.score(folder);
    print(given.set, accuracy);
    if (given.json !== undefined)
      writeFileSync(given.json, `${JSON.stringify({ set: given.set, ...accuracy }, null, 2)}\n`);
  });

function print(name: string, { figures, cases }: Accuracy): void {
  console.log(`${name}: ${cases.length} cases\n`);
  const width = Math.max(...figures.map((figure) => figure.name.length));
  for (const figure of figures) console.log(`${figure.name.padEnd(width)}   ${shown(figure)}`);
  for (const each of cases.filter(({ wrong }) => wrong.length > 0))
    console.log(`\n${each.name}\n  ${each.wrong.join('\n  ')}`);
}

function shown({ right, of }: Figure): string {
  return of === 0 ? 'no case in this set' : `${((100 * right) / of).toFixed(1)} %   ${right} of ${of}`;
}

await program.parseAsync();
