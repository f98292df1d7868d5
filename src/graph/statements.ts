import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../config/nearest.js';
import { packageRoot } from '../config/package-root.js';
import { ThroughlineError } from '../errors.js';
import { families, type Family } from './families.js';

export interface Statement {
  /** Path below cypher/ without suffix; a member of a family has its name behind a colon: `write/entities:Pod`. */
  readonly name: string;
  /** What it answers, from the comment block that leads the file, `:param` hints left out. */
  readonly about: string;
  /** `name => value` of each `:param` hint, as one would type it into Neo4j Browser. */
  readonly hints: readonly string[];
  /** Names of the parameters that the text uses. All of them have to be given; null is a value. */
  readonly parameters: readonly string[];
  /** What a store runs: one statement, no leading comment, no closing semicolon. */
  readonly text: string;
}

export interface Statements {
  /** Fails with GRAPH_STATEMENT_UNKNOWN, naming the nearest there is. */
  get(name: string): Statement;
  /** Sorted; those of one folder (`schema`, `write`, `read`, `explore`), or all. A family stands for its members. */
  names(folder?: string): readonly string[];
}

/** Reads every .cypher file once. What it read stays as it is until the process ends. */
export function loadStatements(folder: string = join(packageRoot(), 'cypher')): Statements {
  const byName = new Map<string, Statement>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.cypher')) continue;
    const name = file.slice(0, -'.cypher'.length).replaceAll('\\', '/');
    for (const statement of members(parse(name, readFileSync(join(folder, file), 'utf8')))) {
      byName.set(statement.name, statement);
    }
  }
  const all = [...byName.keys()].sort();

  return {
    get(name) {
      const statement = byName.get(name);
      if (statement) return statement;
      const near = nearest(name, all);
      const hint = near === null ? `there are ${all.length} in ${folder}` : `did you mean ${near}?`;
      throw new ThroughlineError('GRAPH_STATEMENT_UNKNOWN', `no statement named ${name}: ${hint}`);
    },
    names(inFolder) {
      return inFolder === undefined ? all : all.filter((name) => name.startsWith(`${inFolder}/`));
    },
  };
}

function parse(name: string, source: string): Statement {
  const lines = source.split('\n');
  const body = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('//'));
  const comment = lines.slice(0, body).map((line) => line.replace(/^\/\/ ?/, ''));
  const text = lines.slice(body).join('\n').trim().replace(/;$/, '');
  return {
    name,
    about: comment
      .filter((line) => !line.startsWith(':param'))
      .join('\n')
      .trim(),
    hints: comment.filter((line) => line.startsWith(':param ')).map((line) => line.slice(':param '.length)),
    parameters: [...new Set([...text.matchAll(/\$(\w+)/g)].map((match) => match[1]!))],
    text,
  };
}

function members(statement: Statement): readonly Statement[] {
  const family = (Object.keys(families) as Family[]).find((key) => new RegExp(`:${key}\\b`).test(statement.text));
  if (family === undefined) return [statement];
  return families[family].map((member) => ({
    ...statement,
    name: `${statement.name}:${member}`,
    text: statement.text.replace(new RegExp(`:${family}\\b`, 'g'), `:${member}`),
  }));
}
