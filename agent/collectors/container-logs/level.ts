export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const spellings: Readonly<Record<Level, string>> = {
  trace: 'trace trc trce silly finest finer',
  debug: 'debug dbg dbug fine verbose',
  info: 'info inf information informational notice note log config normal',
  warn: 'warn warning wrn',
  error: 'error err eror severe fail failure',
  fatal: 'fatal ftl critical crit emerg emergency alert panic dpanic',
};

const levels = new Map<string, Level>(
  (Object.keys(spellings) as Level[]).flatMap((level) =>
    spellings[level].split(' ').map((word) => [word, level] as const),
  ),
);

/** Any library's word for a level to OpenTelemetry's severity text in lower case; null when it is none. */
export function levelOfWord(word: string): Level | null {
  return levels.get(word.toLowerCase()) ?? null;
}

/** pino and bunyan count 10 (trace) to 60 (fatal); GELF and journald use syslog's 0 (emergency) to 7 (debug). */
export function levelOfNumber(value: number): Level | null {
  if (!Number.isInteger(value) || value < 0 || value > 69) return null;
  if (value >= 10) return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.floor(value / 10) - 1]!;
  return (['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const)[value] ?? null;
}

/** OpenTelemetry's SeverityNumber: 1 to 24, four to a level (logs data model, "Severity Fields"). */
export function levelOfSeverityNumber(value: number): Level | null {
  if (!Number.isInteger(value) || value < 1 || value > 24) return null;
  return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.floor((value - 1) / 4)]!;
}

interface TextForm {
  readonly pattern: RegExp;
  /** A level that the form itself means, or the level of the word it captures. */
  readonly level: Level | ((captured: string) => Level | null);
}

const klogLetters: Readonly<Record<string, Level>> = {
  I: 'info',
  W: 'warn',
  E: 'error',
  F: 'fatal',
  D: 'debug',
  V: 'debug',
};
const redisMarks: Readonly<Record<string, Level>> = { '.': 'debug', '-': 'debug', '*': 'info', '#': 'warn' };

/** In the order tried: forms that cannot be mistaken come first, the bare upper-case word last. */
const textForms: readonly TextForm[] = [
  // klog and glog: `E1124 12:00:00.000000       1 file.go:12] text`, glog with the year: `E20261124 12:00:00.000000`.
  { pattern: /^([IWEF])(?:\d{4})?\d{4} \d\d:\d\d:\d\d(?:\.\d+)?\s/, level: (letter) => klogLetters[letter] ?? null },
  // Go: an unrecovered panic, and the runtime's own end ("fatal error: all goroutines are asleep - deadlock!").
  { pattern: /^(?:panic: |fatal error: |goroutine \d+ \[running\])/, level: 'fatal' },
  { pattern: /^thread '[^']*' (?:\(\d+\) )?panicked at /, level: 'fatal' },
  { pattern: /^(?:Segmentation fault|Aborted|Bus error|Illegal instruction|terminate called )/, level: 'fatal' },
  { pattern: /^Traceback \(most recent call last\):/, level: 'error' },
  { pattern: /^Exception in thread "/, level: 'error' },
  { pattern: /^(?:Caused by: )?(?:[a-z_$][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)(?::|$)/, level: 'error' },
  { pattern: /^(?:Uncaught )?[A-Z]\w*(?:Error|Exception)(?: \[\w+\])?(?::|$)/, level: 'error' },
  // redis: `1:M 24 Nov 2026 12:00:00.000 # text`
  {
    pattern: /^\d+:[XCSM] \d\d? \w{3} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)? ([.*#-]) /,
    level: (mark) => redisMarks[mark] ?? null,
  },
  // Ruby's Logger: `E, [2026-11-24T12:00:00.000000 #1] ERROR -- : text`
  { pattern: /^([DIWEF]), \[\d{4}-/, level: (letter) => klogLetters[letter] ?? null },
  // apache: `[Tue Nov 24 12:00:00.000000 2026] [core:error] [pid 1] text`
  { pattern: /^\[[^\]]*\d\] \[(?:\w+:)?([a-z]+?)\d?\] /, level: levelOfWord },
  // logfmt, and JSON that was cut
  { pattern: /(?:^|[\s,{])"?(?:level|severity|lvl|loglevel|log\.level)"?\s*[=:]\s*"?([A-Za-z]+)/i, level: levelOfWord },
  // nginx `[error]`, MySQL `[ERROR]` and `[Note]`, Spring and others `[WARN ]`, anywhere near the start
  {
    pattern:
      /^.{0,80}?\[\s*(trace|debug|info|notice|note|warn|warning|error|err|crit|critical|alert|emerg|fatal|severe|panic)\s*\]/i,
    level: levelOfWord,
  },
  // .NET's console: `fail: Microsoft.AspNetCore[0]`; npm `error: text`, `WARNING: text`
  {
    pattern: /^(trce|dbug|info|warn|warning|fail|crit|error|fatal|debug|notice|critical|severe)\s?(?::|!)/i,
    level: levelOfWord,
  },
  // log4j, logback, python, zap, PostgreSQL (`ERROR:  relation …`), tracing: a level word in capitals among the first columns
  {
    pattern:
      /^.{0,100}?(?:^|[\s|:\](-])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|SEVERE|PANIC|EMERG|ALERT)(?=$|[\s|:\])[-])/,
    level: levelOfWord,
  },
];

/** The level that a line of plain text states, null when it states none. Colour codes must be gone already. */
export function levelOfText(line: string): Level | null {
  for (const { pattern, level } of textForms) {
    const match = pattern.exec(line);
    if (!match) continue;
    const found = typeof level === 'string' ? level : level(match[1] ?? '');
    if (found !== null) return found;
  }
  return null;
}
