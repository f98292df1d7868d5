import { join } from 'node:path';
import { Registry } from 'prom-client';
import { failingFixtures } from '../../ingest/rules/fixture.js';
import { loadRules, ruleFiles, type RuleFile } from '../../ingest/rules/load.js';
import type { CauseRule, Condition, LinkRule, Path, Pattern } from '../../ingest/rules/rule.js';
import type { Config } from '../config/load-config.js';
import { nearest } from '../config/nearest.js';
import { packageRoot } from '../config/package-root.js';
import { ThroughlineError } from '../errors.js';
import { categories, isCategory } from '../model/categories.js';
import type { CorrelationResult } from '../model/correlation-result.js';
import { entityTitle } from '../model/entity.js';
import { replay, type ReplayOptions } from './replay.js';

/** The shipped rules, the configured ones, and what is given beside them. */
export function ruleFolders(config: Pick<Config, 'correlation'>, given: readonly string[]): string[] {
  const { rules } = config.correlation;
  return [...new Set([join(packageRoot(), 'ingest/rules'), ...(rules === null ? [] : [rules]), ...given])];
}

/** What was read, in numbers. Fails with RULE_INVALID, naming file, line and key of everything that is wrong. */
export function checkRules(folders: readonly string[]): string {
  const { links, causes } = loadRules(folders);
  const files = folders.flatMap(ruleFiles);
  return `${files.length} files, ${links.length} links, ${causes.length} causes: all of them are valid.\n`;
}

/** Plays the examples of each rule, or of those whose id holds a text. Fails with RULE_INVALID when one does not do what it says. */
export function testRules(folders: readonly string[], only: string | null): string {
  const files = folders.flatMap(ruleFiles);
  const problems = files.flatMap((file) => file.problems);
  const lines: string[] = [];
  for (const { file, rules } of files) {
    for (const link of rules.links.filter(({ id }) => only === null || id.includes(only))) {
      const failing = failingFixtures(link);
      problems.push(...failing.map((text) => `${file}: ${text}`));
      const { fires, guards } = link;
      const shown =
        fires.length + guards.length === 0
          ? 'has no examples'
          : `${count(fires.length, 'example')}, ${count(guards.length, 'near miss', 'near misses')}`;
      lines.push(`${failing.length === 0 ? 'ok  ' : 'FAIL'}  ${link.id}  ${shown}`);
    }
  }
  if (problems.length > 0)
    throw new ThroughlineError('RULE_INVALID', `rules do not do what they say:\n  ${problems.join('\n  ')}`);
  if (lines.length === 0) throw unknownRule(only ?? '', files);
  return `${lines.join('\n')}\n`;
}

/** A link or a cause by its id, or a category: what brings it about, what it brings about, and what is said of it. */
export function explainRules(folders: readonly string[], name: string): string {
  const files = folders.flatMap(ruleFiles);
  const found: string[] = [];
  for (const { file, rules } of files) {
    for (const link of rules.links) if (link.id === name) found.push(explainLink(link, file));
    for (const cause of rules.causes) if (cause.id === name) found.push(explainCause(cause, file));
  }
  if (found.length > 0) return found.join('\n');
  if (!isCategory(name)) throw unknownRule(name, files);
  const links = files.flatMap(({ rules }) => rules.links);
  const into = links.filter(({ effect }) => effect.categories.has(name));
  const from = links.filter(({ cause }) => cause.categories.has(name));
  const worded = files.flatMap(({ rules }) => rules.causes).filter(({ pattern }) => pattern.categories.has(name));
  const { prior, severity, conclusive } = categories[name];
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
  return [
    `${name}: ${severity}, stands as a root cause by itself with a prior of ${prior}${conclusive ? '; one sighting settles it' : ''}.`,
    ...list(
      'It may follow from',
      into.map((link) => `${patternText(link.cause)}  (${link.id})`),
    ),
    ...list(
      'It may bring about',
      from.map((link) => `${patternText(link.effect)}  (${link.id})`),
    ),
    ...list(
      'As a root cause it is told as',
      worded.map(({ id, title, pattern }) => `${title[0]!}  (${id}: ${patternText(pattern)})`),
    ),
    '',
  ].join('\n');
}

export interface DryRunOptions extends Omit<ReplayOptions, 'rules' | 'registry' | 'speed'> {
  /** The folder that is on trial. */
  readonly folder: string;
}

/** What the rules of a folder would change about what recordings are told as: each recorded incident before and after. */
export async function dryRun({ folder, ...options }: DryRunOptions): Promise<string> {
  const folders = ruleFolders(options.config, []);
  const told = async (used: readonly string[]): Promise<CorrelationResult[]> => {
    const results = await replay({ ...options, speed: null, registry: new Registry(), rules: loadRules(used) });
    return results.filter(({ mergedInto }) => mergedInto === null);
  };
  const before = await told(folders.filter((each) => each !== folder));
  const after = await told([...new Set([...folders, folder])]);
  return differences(before, after);
}

export function differences(before: readonly CorrelationResult[], after: readonly CorrelationResult[]): string {
  const left = new Set(after);
  const lines: string[] = [];
  let same = 0;
  for (const old of before) {
    const now = counterpart(old, [...left]);
    if (!now) {
      lines.push(`- ${told(old)}`);
      continue;
    }
    left.delete(now);
    if (told(old) === told(now) && old.recommendation === now.recommendation) same++;
    else lines.push(`~ ${told(old)}`, `  ${told(now)}`);
  }
  for (const fresh of left) lines.push(`+ ${told(fresh)}`);
  return `${[...lines, `${count(same, 'incident')} would be told as before, ${lines.filter((line) => !line.startsWith(' ')).length} would not.`].join('\n')}\n`;
}

/** The incident that is about the same findings: the one that shares most of them. */
function counterpart(old: CorrelationResult, all: readonly CorrelationResult[]): CorrelationResult | null {
  const events = new Set(old.events);
  const shared = ({ events: others }: CorrelationResult): number => others.filter((id) => events.has(id)).length;
  const best = [...all].sort((a, b) => shared(b) - shared(a))[0];
  return best && shared(best) > 0 ? best : null;
}

function told({ title, category, rootCauseEntity, rootCause, confidence }: CorrelationResult): string {
  return `${title}: ${category} on ${entityTitle(rootCauseEntity)} (${confidence.toFixed(2)}). ${rootCause}`;
}

function explainLink(link: LinkRule, file: string): string {
  const { fires, guards } = link;
  const example = ({ cause, effect }: LinkRule['fires'][number]): string =>
    `${cause.category} on ${entityTitle(cause.on)}, then ${effect.category} on ${entityTitle(effect.on)}`;
  return [
    `${link.id} (${file})`,
    `  cause     ${patternText(link.cause)}`,
    `  effect    ${patternText(link.effect)}`,
    `  path      ${pathText(link.path)}`,
    `  time      the effect begins at most ${seconds(link.afterMs)} after the cause, and at most ${seconds(link.slackMs)} before it`,
    `  strength  ${link.strength}${link.expected ? '; that the effect stays away speaks against the cause' : ''}${link.wording > 0 ? `; the effect's words count for ${link.wording}` : ''}`,
    `  because   ${link.because}`,
    ...fires.map((fixture) => `  fires     ${example(fixture)}`),
    ...guards.map((fixture) => `  guard     ${example(fixture)}: ${fixture.because ?? ''}`),
    '',
  ].join('\n');
}

function explainCause({ id, pattern, title, rootCause, recommendation }: CauseRule, file: string): string {
  const texts = (name: string, all: readonly string[]): string[] =>
    all.map((text, i) => `  ${(i === 0 ? name : '').padEnd(9)} ${text}`);
  return [
    `${id} (${file})`,
    `  on        ${patternText(pattern)}`,
    ...texts('title', title),
    ...texts('cause', rootCause),
    ...texts('do', recommendation),
    '',
  ].join('\n');
}

function patternText({ categories: named, kinds, where, unless }: Pattern): string {
  const condition =
    (word: string) =>
    ({ attribute, values }: Condition) =>
      ` ${word} ${attribute} is ${[...values].join(' or ')}`;
  return [
    [...named].join(' or '),
    kinds.size > 0 ? ` on ${[...kinds].join(' or ')}` : '',
    ...where.map(condition('where')),
    ...unless.map(condition('unless')),
  ].join('');
}

/** As it was written (parsePath): in one direction throughout. */
function pathText({ start, startKind, steps }: Path): string {
  if (steps.length === 0 && start === 'unit') return 'same';
  const words = (type: string, kind: string | null): string[] => (kind === null ? [type] : [type, kind]);
  if (steps[0]?.direction !== 'into')
    return [
      'effect',
      ...(start === 'target' ? words('TARGETS', startKind) : []),
      ...steps.flatMap(({ type, kind }) => words(type, kind)),
      'cause',
    ].join(' ');
  const backwards = [...steps].reverse();
  return ['cause', ...backwards.flatMap(({ type }, i) => words(type, backwards[i + 1]?.kind ?? null)), 'effect'].join(
    ' ',
  );
}

function unknownRule(name: string, files: readonly RuleFile[]): ThroughlineError {
  const names = files.flatMap(({ rules }) => [...rules.links, ...rules.causes].map(({ id }) => id));
  const near = nearest(name, [...names, ...Object.keys(categories)]);
  return new ThroughlineError(
    'RULE_INVALID',
    `no rule and no category is called ${name}${near === null ? '' : `; is ${near} meant?`}`,
  );
}

function seconds(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
