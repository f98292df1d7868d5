#!/usr/bin/env node
import 'reflect-metadata';
import { Command, InvalidArgumentError } from 'commander';
import { explore, table } from './commands/explore.js';
import { record } from './commands/record.js';
import { replay, transportOf } from './commands/replay.js';
import { runAgent, runApi, runIngest, type RoleOptions } from './commands/roles.js';
import { checkRules, dryRun, explainRules, ruleFolders, testRules } from './commands/rules.js';
import { draw } from './commands/storyteller.js';
import { up } from './commands/up.js';
import { loadConfig, type Config } from './config/load-config.js';
import type { Role } from './config/schema.js';
import { ThroughlineError } from './errors.js';
import { createLog } from './telemetry/log.js';
import { createRegistry } from './telemetry/registry.js';

const out = process.stdout;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const program = new Command('throughline')
  .description('What broke in the cluster, and why: one story per incident, with evidence.')
  .option('-c, --config <file>', 'YAML configuration; the environment overrides it (docs/configuration.md)')
  .showHelpAfterError('(--help says what there is)');

program
  .command('up', { isDefault: true })
  .description('everything in one process; without a cluster it plays recordings of real incidents')
  .action(() =>
    run('up', 'warn', (options) =>
      up({ ...options, write: (text) => void out.write(text), colour: Boolean(out.isTTY) }),
    ),
  );

program
  .command('agent')
  .description('the collectors of one node, onto the bus')
  .action(() => run('agent', 'info', runAgent));
program
  .command('ingest')
  .description('from the bus to incidents in the graph')
  .action(() => run('ingest', 'info', runIngest));
program
  .command('api')
  .description('GraphQL over the graph, live over the bus')
  .action(() => run('api', 'info', runApi));

program
  .command('record')
  .description('write raw events as JSON lines, from the collectors of this host or from the bus')
  .requiredOption('-o, --out <file>', 'where to; gzip when it ends in .gz')
  .option('-s, --seconds <n>', 'how long; until Ctrl-C without it', positive)
  .option('--from <source>', 'collectors or bus', 'collectors')
  .action((given: { out: string; seconds?: number; from: string }) => {
    if (given.from !== 'bus' && given.from !== 'collectors') program.error(`--from ${given.from}: collectors or bus`);
    return run(given.from === 'bus' ? 'agent' : 'up', 'warn', async (options) => {
      const bus = given.from === 'bus' ? transportOf(options.config, options) : null;
      const { events, bytes } = await record({
        ...options,
        out: given.out,
        seconds: given.seconds ?? null,
        bus,
        progress: say,
      });
      say(`${events} events, ${bytes} bytes in ${given.out}`);
    });
  });

program
  .command('replay')
  .description('feed recordings through the whole pipeline; on NATS (TRANSPORT=nats) through the ingest workers there')
  .argument('<file...>', 'recordings made with `throughline record`')
  .option('--speed <n>', 'recorded seconds per second; as fast as possible without it', positive)
  .option('--json', 'print each final CorrelationResult as a line')
  .action((files: string[], given: { speed?: number; json?: boolean }) =>
    run('up', 'warn', async (options) => {
      const results = await replay({ ...options, files, speed: given.speed ?? null, progress: progressLine() });
      for (const result of results) {
        if (given.json) out.write(`${JSON.stringify(result)}\n`);
        else if (result.mergedInto === null) out.write(draw({ ...result, status: 'OPEN' }, Boolean(out.isTTY)));
      }
      if (!given.json && results.length === 0)
        out.write('No incident: nothing in these recordings is worth a story.\n');
    }),
  );

program
  .command('explore')
  .description('run a named question of cypher/explore on the configured graph')
  .argument('<name>', 'a file of cypher/explore without its suffix')
  .option(
    '-p, --param <name=value>',
    'a parameter of the question; may be repeated',
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .option('--json', 'rows as JSON lines')
  .action((name: string, given: { param: string[]; json?: boolean }) =>
    run('ingest', 'warn', async (options) => {
      const rows = await explore({ ...options, name, parameters: given.param });
      out.write(given.json ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : table(rows));
    }),
  );

const rules = program.command('rules').description('causal rules: the shipped ones, and your own (docs/rules.md)');
rules
  .command('check')
  .description('are they valid, and do they do what their examples say')
  .argument('[folder...]', 'folders beside the shipped and the configured rules')
  .action((folders: string[]) =>
    run('ingest', 'warn', ({ config }) => write(() => checkRules(ruleFolders(config, folders)))),
  );
rules
  .command('test')
  .description('play the examples of each rule, and its near misses')
  .argument('[folder...]', 'folders beside the shipped and the configured rules')
  .option('--only <text>', 'rules whose id holds it')
  .action((folders: string[], given: { only?: string }) =>
    run('ingest', 'warn', ({ config }) => write(() => testRules(ruleFolders(config, folders), given.only ?? null))),
  );
rules
  .command('explain')
  .description('a rule in words, or what leads to a category, what it leads to and how it is told')
  .argument('<id>', 'of a link or a cause, or a category')
  .argument('[folder...]', 'folders beside the shipped and the configured rules')
  .action((name: string, folders: string[]) =>
    run('ingest', 'warn', ({ config }) => write(() => explainRules(ruleFolders(config, folders), name))),
  );
rules
  .command('dry-run')
  .description('what a folder of rules would change about what recordings are told as; changes nothing')
  .argument('<folder>', 'the rules on trial')
  .argument('<file...>', 'recordings made with `throughline record`')
  .action((folder: string, files: string[]) =>
    run('up', 'warn', async ({ config, log, signal }) => {
      const here = { ...config, transport: { ...config.transport, kind: 'memory' as const } };
      const text = await dryRun({ folder, files, config: here, log, signal, progress: progressLine() });
      out.write(text);
    }),
  );

await program.parseAsync();

/** Loads the configuration, runs, and ends: 0 when done or told to stop, 1 with a message that says what to do. */
async function run(role: Role, logLevel: string, action: (options: RoleOptions) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopping.abort();
      process.once(signal, () => process.exit(130));
    });
  }
  try {
    const { config: file } = program.opts<{ config?: string }>();
    const config: Config = loadConfig({ role, file: file ?? null });
    // Terminals of people stay readable unless they ask for more.
    const level = config.log.level === 'info' ? logLevel : config.log.level;
    await action({ config, log: createLog({ level, role }), registry: createRegistry(role), signal: stopping.signal });
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    say(`throughline: ${error.message}`);
    process.exitCode = 1;
  }
}

function write(text: () => string): Promise<void> {
  out.write(text());
  return Promise.resolve();
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0');
  return value;
}

/** One line that is overwritten on a terminal, and nothing elsewhere but the last words. */
function progressLine(): (line: string) => void {
  return (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  };
}
