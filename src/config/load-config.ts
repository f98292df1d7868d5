import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { type z } from 'zod';
import { ThroughlineError } from '../errors.js';
import { expandVariables } from './variables.js';
import { configSchema, sectionShapes, settingInfo, type Role, type SettingInfo } from './schema.js';
import { nearest } from './nearest.js';

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Everything that can be set, parsed and frozen: durations in milliseconds, sizes in bytes, absent is null. */
export type Config = DeepReadonly<z.output<ReturnType<typeof configSchema>>> & { readonly role: Role };

export interface ConfigSource {
  readonly role: Role;
  /** A YAML file; absent or null: THROUGHLINE_CONFIG, else none. */
  readonly file?: string | null;
  /** Absent: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The file's values, overridden by the environment (an empty variable counts as unset), completed by the role's defaults. Fails with
 * CONFIG_INVALID; the message lists every problem, each with the key, what was given and what it may be. Secrets are never printed.
 */
export function loadConfig(source: ConfigSource): Config {
  const env = source.env ?? process.env;
  const file = source.file ?? (env['THROUGHLINE_CONFIG'] || null);
  const problems: string[] = [];
  const written = file === null ? emptyFile : readFile(file, env, problems);
  const keys = settingsOf(source.role);
  const { values, origins } = overlay(written.values, keys, env, problems);

  const parsed = configSchema(source.role).safeParse(values, { reportInput: true });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      problems.push(...describeIssue(issue, keys, (key) => origins.get(key) ?? written.placeOf(key)));
    }
  }
  if (problems.length > 0 || !parsed.success) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    throw new ThroughlineError('CONFIG_INVALID', [`the configuration has ${count}:`, ...problems].join('\n  '));
  }
  return deepFreeze({ role: source.role, ...parsed.data });
}

/** Every key with what is known of it: `nats.url` → info. */
export function settingsOf(role: Role): ReadonlyMap<string, SettingInfo> {
  const keys = new Map<string, SettingInfo>();
  for (const [section, shape] of Object.entries(sectionShapes(role))) {
    for (const [name, type] of Object.entries(shape)) keys.set(`${section}.${name}`, settingInfo.get(type)!);
  }
  return keys;
}

interface WrittenFile {
  readonly values: unknown;
  /** `throughline.yaml:7`, or null when the file does not have the key. */
  placeOf(key: string): string | null;
}

const emptyFile: WrittenFile = { values: {}, placeOf: () => null };

function readFile(file: string, env: NonNullable<ConfigSource['env']>, problems: string[]): WrittenFile {
  if (!existsSync(file)) {
    problems.push(`${file}: there is no such file`);
    return emptyFile;
  }
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
  if (document.errors.length > 0) {
    problems.push(...document.errors.map((error) => `${file}: ${error.message.split('\n')[0]!.replace(/:$/, '')}`));
    return emptyFile;
  }
  const placeOf = (key: string) => {
    const offset = offsetOf(document, key.split('.'));
    return offset === null ? null : `${file}:${lines.linePos(offset).line}`;
  };
  const values = expandVariables(document.toJS() as unknown, env, (path, message) => {
    problems.push(`${path} (${placeOf(path) ?? file}): ${message}`);
  });
  return { values: values ?? {}, placeOf };
}

function offsetOf(document: Document, path: readonly string[]): number | null {
  const node = document.getIn(path, true);
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : null;
}

function overlay(
  written: unknown,
  keys: ReadonlyMap<string, SettingInfo>,
  env: NonNullable<ConfigSource['env']>,
  problems: string[],
): { values: unknown; origins: ReadonlyMap<string, string> } {
  const origins = new Map<string, string>();
  if (!isRecord(written)) return { values: written, origins };
  const values: Record<string, unknown> = { ...written };
  for (const [key, info] of keys) {
    const given = fromEnvironment(key, info, env, problems);
    if (given === null) continue;
    const [section, name] = key.split('.') as [string, string];
    const present = values[section] ?? {};
    if (!isRecord(present)) continue;
    values[section] = { ...present, [name]: given.value };
    origins.set(key, given.variable);
  }
  return { values, origins };
}

function fromEnvironment(
  key: string,
  info: SettingInfo,
  env: NonNullable<ConfigSource['env']>,
  problems: string[],
): { value: string; variable: string } | null {
  const direct = env[info.env] || null;
  const fileVariable = `${info.env}_FILE`;
  const path = info.secret ? env[fileVariable] || null : null;
  if (direct !== null && path !== null) {
    problems.push(`${key}: both ${info.env} and ${fileVariable} are set; give one of them`);
    return null;
  }
  if (path === null) return direct === null ? null : { value: direct, variable: info.env };
  if (!existsSync(path)) {
    problems.push(`${key} (${fileVariable}): there is no file ${path}`);
    return null;
  }
  // Editors and `echo` end a file with a newline that is no part of the secret.
  return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), variable: fileVariable };
}

function describeIssue(
  issue: z.core.$ZodIssue,
  keys: ReadonlyMap<string, SettingInfo>,
  originOf: (key: string) => string | null,
): string[] {
  const key = issue.path.join('.');
  const place = (of: string) => {
    const origin = originOf(of);
    return origin === null ? of : `${of} (${origin})`;
  };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => {
      const full = key === '' ? name : `${key}.${name}`;
      const near = nearest(full, [...keyNames(keys, ''), ...keys.keys()]);
      return `${place(full)}: there is no such key${near === null ? '' : `; did you mean ${near}?`}`;
    });
  }
  const info = keys.get(key);
  if (info === undefined) {
    const names = keyNames(keys, key).map((name) => (key === '' ? name : name.slice(key.length + 1)));
    return [
      `${key === '' ? 'the file' : place(key)}: given ${shown(issue.input)}, but it must be a section with ${names.join(', ')}`,
    ];
  }
  const given = info.secret ? 'a value that is not shown' : shown(issue.input);
  const allowed: unknown = issue.code === 'custom' ? issue.params?.['allowed'] : undefined;
  return [
    typeof allowed === 'string'
      ? `${place(key)}: it must be ${allowed}`
      : `${place(key)}: given ${given}, but it must be ${info.allowed}`,
  ];
}

/** The keys below a section; at the top, the sections. */
function keyNames(keys: ReadonlyMap<string, SettingInfo>, section: string): string[] {
  const all = [...keys.keys()];
  if (section !== '') return all.filter((key) => key.startsWith(`${section}.`));
  return [...new Set(all.map((key) => key.split('.')[0]!))];
}

function shown(input: unknown): string {
  return JSON.stringify(input) ?? 'nothing';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
