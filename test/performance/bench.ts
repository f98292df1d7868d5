import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command } from 'commander';
import type { Bench, Figure } from './figure.js';

const benches = ['bus', 'graph', 'query', 'decision', 'page'];

/** `npm run bench -- NAME --json FILE`: measures, prints a table, and writes what was measured for machines. */
const program = new Command('bench')
  .argument('<name>', `one of ${benches.join(', ')}`)
  .option('--json <file>', 'write {bench, machine, figures} there')
  .action(async (name: string, options: { json?: string }) => {
    if (!benches.includes(name)) program.error(`there is no bench ${name}; it must be one of ${benches.join(', ')}`);
    const bench = (await import(`./${name}.js`)) as Bench;
    const figures = await bench.run();
    print(name, figures);
    const result = { bench: name, machine: machine(), figures };
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  });

function machine(): { readonly cpu: string; readonly cores: number; readonly node: string } {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
}

function print(name: string, figures: readonly Figure[]): void {
  const { cpu, cores, node } = machine();
  console.log(`${name} on ${cores} × ${cpu}, Node ${node}\n`);
  const rows = figures.map((each) => [
    each.name,
    `${shown(each.value)} ${each.unit}`,
    each.ceiling === null ? '' : `${shown(each.ceiling)} ${each.unit}`,
    each.ratio === null ? '' : each.ratio.toFixed(2),
  ]);
  const table = [['figure', 'value', 'ceiling or peer', 'ratio'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('   '),
    );
  }
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

await program.parseAsync();
