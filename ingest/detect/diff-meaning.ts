import { readDiff, type DiffLines } from './diff-lines.js';
import { wordsOf } from './identifiers.js';
import { changedSettings, type ChangedSetting } from './settings.js';

/** Ways in which a change of code or configuration can bring about trouble. What each can bring about: correlate/change-words.ts. */
export const deeds = [
  'null-guard-removed',
  'init-removed',
  'bounds-guard-removed',
  'condition-changed',
  'error-check-removed',
  'lock-removed',
  'lock-added',
  'release-removed',
  'bound-removed',
  'growth-added',
  'timeout-lowered',
  'timeout-raised',
  'retry-lowered',
  'retry-raised',
  'limit-lowered',
  'limit-raised',
  'lifetime-lowered',
  'lifetime-raised',
  'log-volume-raised',
  'number-changed',
  'switch-flipped',
  'text-setting-changed',
  'batching-removed',
  'per-item-calls',
  'cache-removed',
  'call-removed',
  'field-renamed',
  'access-changed',
  'tls-changed',
  'query-changed',
  'schema-changed',
  'regex-changed',
  'loop-exit-removed',
  'wait-removed',
  'blocking-added',
  'fan-out-added',
  'acknowledgement-removed',
  'encoding-changed',
  'protection-removed',
  'order-changed',
  'type-changed',
  'key-changed',
  'dependency-changed',
] as const;
export type Deed = (typeof deeds)[number];

export interface DiffMeaning {
  /** Empty: nothing that could change how the program behaves, as far as the lines tell. */
  readonly does: readonly Deed[];
  /** Words of the identifiers on the lines that changed and of the files they are in. */
  readonly terms: readonly string[];
  /** Names that are gone: fields, settings, functions. An error that quotes one speaks of this change. */
  readonly gone: readonly string[];
  /** New values of settings, as they are written: an error that names one speaks of this change. */
  readonly values: readonly string[];
  /** Folders of this repository whose modules get another version: the end of the module's name. */
  readonly modules: readonly string[];
  /** In words, for people; null when `does` is empty. */
  readonly summary: string | null;
}

const maxTerms = 60;

/** What a diff does, by what is gone from it and what is new in it: independent of the programming language, as far as names go. */
export function readDiffMeaning(diff: string, paths: readonly string[]): DiffMeaning {
  const lines = readDiff(diff, paths);
  const settings = changedSettings(lines);
  const does = new Set<Deed>();
  const said: string[] = [];
  const add = (deed: Deed, words: string): void => {
    if (!does.has(deed)) said.push(words);
    does.add(deed);
  };
  for (const setting of settings) {
    const deed = deedOf(setting);
    if (deed) add(deed, `${setting.key} from ${setting.from} to ${setting.to}`);
  }
  for (const { deed, test, words } of tests) if (test(lines, paths)) add(deed, words);
  const { removed, added } = lines;
  const touched = [...removed, ...added].join('\n');
  const files = paths.map((path) => path.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')).join(' ');
  return {
    does: [...does],
    terms: does.size === 0 ? [] : [...wordsOf(`${touched} ${files}`)].slice(0, maxTerms),
    gone: does.size === 0 ? [] : goneNames(lines).slice(0, maxTerms),
    values: [...new Set(settings.map(({ to }) => to))].filter((value) => value.length >= 2 && !/\s/.test(value)),
    modules: raisedModules(lines),
    summary: said.length === 0 ? null : said.slice(0, 4).join('; '),
  };
}

function deedOf({ words, from, to, ratio }: ChangedSetting): Deed | null {
  const about = (pattern: RegExp): boolean => words.some((word) => pattern.test(word));
  if (ratio === null) {
    if (/^(?:debug|trace|verbose|all)$/i.test(to) && about(/^(?:level|verbosity|log)$/)) return 'log-volume-raised';
    if (/^(?:true|false|on|off|yes|no|enabled|disabled)$/i.test(to)) return 'switch-flipped';
    return 'text-setting-changed';
  }
  // Less than about twice, or half: nobody notices.
  if (ratio > 0.55 && ratio < 1.8) return null;
  // 0 and -1 are how settings say "without end".
  if (/^(?:0|-1)\w*$/.test(to)) return 'bound-removed';
  const up = ratio > 1;
  if (about(/^(?:sampl(?:e|ing)|verbosity)$/)) return up ? 'log-volume-raised' : null;
  if (about(/^(?:retry|retries|attempt|attempts)$/)) return up ? 'retry-raised' : 'retry-lowered';
  if (about(/^(?:backoff|delay|sleep|jitter|wait)$/)) return up ? 'timeout-raised' : 'wait-removed';
  // MaxIdleConns is a number of connections, MaxConnIdleTime a time.
  const counted =
    about(/^(?:conns?|connections?|entries|items|threads?|workers?)$/) &&
    !about(/^(?:time|timeout|age|lifetime|ttl)$/) &&
    !/\d(?:ms|s|m|h|d)$|\btime\.|Duration/.test(from);
  if (!counted && about(/^(?:ttl|expir(?:y|e|es|ation|ations)|maxage|age|idle|lifetime|retention|lease)$/))
    return up ? 'lifetime-raised' : 'lifetime-lowered';
  if (about(/^(?:interval|period)$/)) return up ? null : 'wait-removed';
  if (about(/^(?:timeout|deadline)$/)) return up ? 'timeout-raised' : 'timeout-lowered';
  if (
    about(
      /^(?:max|limit|limits|pool|size|capacity|conns?|connections?|workers?|threads?|replicas?|concurrency|quota|memory|cpu|heap|buffer|queue|batch|chunk|window|partitions?|shards?|rate|rps|qps|burst|prefetch|xmx|entries|parallelism|slots?|handles?)$/,
    )
  )
    return up ? 'limit-raised' : 'limit-lowered';
  return from === to ? null : 'number-changed';
}

interface Test {
  readonly deed: Deed;
  readonly words: string;
  readonly test: (lines: DiffLines, paths: readonly string[]) => boolean;
}

/** More often among the lines that are gone than among the new ones. */
const goneOf = (pattern: RegExp, { removed, added }: DiffLines): boolean =>
  count(pattern, removed) > count(pattern, added);
const newOf = (pattern: RegExp, { removed, added }: DiffLines): boolean =>
  count(pattern, added) > count(pattern, removed);

function count(pattern: RegExp, lines: readonly string[]): number {
  const every = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
  return lines.reduce((sum, line) => sum + (line.match(every)?.length ?? 0), 0);
}

/** Speaks of other things of the kind than before: gzip where there was zstd. */
function otherOf(pattern: RegExp, { removed, added }: DiffLines): boolean {
  const every = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
  const named = (lines: readonly string[]): string =>
    [...new Set(lines.flatMap((line) => line.match(every) ?? []))].sort().join(' ');
  return named(removed) !== named(added);
}

const nullTest =
  /([\w.\])]+?)\s*(?:[!=]==?|is(?: not)?|<>)\s*(?:nil|null|None|undefined|nullptr)\b|(?:is|has|not)[A-Z_]?(?:null|nil|empty|present|none|blank|set)\b|Optional|\?\?|\?\.|\bif !?\w+(?:\.\w+)+\s*[{:)]|\bif \(?(?:not |!)[\w.]+\)?\s*(?:[:{]|return|$)|requireNonNull|unwrap_or/i;
const initial = /^(?:var |let |const )?([\w.]+) :?= (?:make\(|new [A-Z]|\{\}$|\[\]$|dict\(|list\(|set\()/;
const lock =
  /\b(?:R?W?Lock|RLock|lock|unlock|Unlock|RUnlock|Mutex|RWMutex|mutex|synchronized|semaphore|Semaphore|ReentrantLock|atomic\w*|Atomic\w+|volatile|FOR UPDATE|advisory_lock|acquire|with_lock|serializable|SERIALIZABLE|@Transactional|BEGIN|singleflight)\b/;
const release =
  /\b(?:defer\b|finally\b|\w*\.?(?:close|Close|release|Release|free|Free|dispose|Dispose|shutdown|Shutdown|disconnect|unsubscribe|Unsubscribe|removeListener|removeEventListener|clearInterval|clearTimeout|cancel|Cancel|recycle|end|returnToPool|putBack|Done)\s*\(|try-with|using \()/;
const bound =
  /\b(?:evict\w*|Evict\w*|expire\w*|Expire\w*|prune\w*|Prune\w*|purge\w*|trim\w*|LRU\w*|lru\w*|maxEntries|MaxEntries|maxsize|MaxSize|maximumSize|LIMIT \d+|limit\(|take\(|page_?size|pageSize|paginate\w*|delete\(|\.delete\(|shift\(\)|popleft|cap\(|make\(chan \w+, ?\d+\)|maxlen|truncate\w*|WHERE)\b/;
const bulk =
  /(?:[Bb]atch|[Bb]ulk|[Cc]hunk|[Pp]ipeline|[Mm]ulti[A-Z_]|[Mm]ulti(?:get|set)|mget|mset|[Mm]any\b|insertMany|executemany|IN \(|JOIN|[Pp]reload|[Pp]refetch_related|select_related|joinedload|includes?\(|DataLoader|Promise\.all)/;
const remote =
  /\b\w*(?:[Qq]uery|[Ff]etch|[Ff]ind|[Ss]elect|[Ii]nsert|[Uu]pdate|[Uu]psert|PutItem|GetItem|[Gg]etBy\w*|[Ll]oad\w*|[Ll]ookup|http\.|axios|rpc|[Cc]lient\.|db\.|[Rr]epo(?:sitory)?\.|session\.|redis\.|\.Do|\.Exec|\.exec|\.get|\.Get|[Ss]end|[Pp]ublish)\w*\s*\(/;
const loop = /^(?:for|while|foreach|loop)\b|\.(?:forEach|map|each)\(|\bfor \w+.* in\b/;
const cache = /(?:[Cc]ache|[Mm]emo(?:ize)?|@lru_cache|[Ss]ingleflight|Redis|redis|memcache)/;
const ack =
  /\b\w*(?:[Aa]ck(?:nowledge)?|[Cc]ommit(?:Sync|Async|Offset\w*|Message\w*)?|[Dd]eleteMessage\w*|markOffset\w*|basic_ack|XACK)\s*\(/;
const effectfulCall =
  /^(?:await |return |go |defer )?(?:[\w$]+\.)*(?:register|init|seed|load|start|subscribe|bind|mount|add|install|enable|setup|set|migrate|warm|configure|use|attach|connect|listen|schedule|validate|verify|check|authorize|authenticate|flush|refresh|invalidate|notify|publish|emit|sanitize|escape|encode|apply|ensure|reset|sync|normalize)\w*\s*\(/i;
const access =
  /\b(?:scopes?|roles?|permissions?|polic(?:y|ies)|audience|issuer|aud|iss|claims?|authoriz\w*|authenticat\w*|Authorization|jwt|JWT|tokens?|Bearer|secret\w*|credential\w*|apikey|api_key|hmac|HMAC|signature|sign(?:ing)?[A-Z_]\w*|acl|ACL|[Aa]llow(?:ed)?[A-Z_]\w*|principal|Action|iam|IAM|sts:|kms|serviceAccount\w*|runAs\w*|cors|CORS|csrf|CSRF)\b/;
const tls =
  /\b(?:tls|TLS|ssl|SSL|x509|certs?|certificates?|CA|ca_?bundle|rootCAs?|RootCAs?|InsecureSkipVerify|rejectUnauthorized|CipherSuites?|ciphers?|MinVersion|MaxVersion|ServerName|sni|mtls|mTLS)\b/;
const query =
  /\b(?:SELECT|INSERT|UPDATE|DELETE|JOIN|WHERE|ORDER BY|GROUP BY|HAVING|FORCE INDEX|USE INDEX|LIMIT|LIKE|ILIKE)\b|\.(?:where|orderBy|order_by|groupBy|filter|find|aggregate|raw)\(/;
const schema =
  /\b(?:CREATE|ALTER|DROP|RENAME|TRUNCATE)\b.*\b(?:TABLE|COLUMN|INDEX|TYPE|CONSTRAINT|VIEW)\b|\b(?:NOT NULL|ADD COLUMN|ADD CONSTRAINT|UNIQUE|FOREIGN KEY)\b|\b(?:add|drop|remove|rename|change)_(?:column|index|table|constraint)\b/i;
const regex =
  /\b(?:regexp?|Regexp?|RegExp|re)\.(?:compile|match|search|MustCompile|Compile|sub|test)\(|new RegExp\(|=\s*\/.+\/[gimsuy]*$|Pattern\.compile|MustCompile\(/;
const loopExit =
  /\b(?:break|continue|return)\b|\b(?:break|yield)\b|(?:depth|level|visited|seen|i|n|count|remaining|attempt)\s*(?:\+\+|--|\+=|-=|>=?|<=?)/;
const waiting =
  /\b(?:sleep|Sleep|time\.After|delay|setTimeout|Tick(?:er)?|backoff|Backoff|jitter|throttle|debounce|wait)\b/;
const timeout = /\b\w*(?:[Tt]imeout|[Dd]eadline|AbortSignal)\w*\b/;
const retry = /\b\w*(?:[Rr]etry|[Rr]etries|[Aa]ttempts?)\w*\b/;
const blocking =
  /\b(?:\w+Sync\(|execSync|readFileSync|writeFileSync|Thread\.sleep|time\.sleep|requests\.(?:get|post|put)|\.block\(\)|\.join\(\)|\.get\(\)\.|runBlocking|await_?sync|\.Result\b|\.Wait\(\)|deasync)/;
const fanOut =
  /\bgo func\b|\bgo \w+\(|new Thread\(|Thread\(target|executor\.(?:submit|execute)|newCachedThreadPool|asyncio\.(?:gather|create_task)|Promise\.all\(|tokio::spawn|spawn\(|setImmediate\(/;
const growth =
  /\b\w*(?:[Cc]ache|[Mm]ap|[Ss]een|[Hh]istory|[Rr]egistry|[Bb]uffer|[Pp]ending|[Ss]tore|[Ii]ndex|[Ll]isteners?|[Ss]ubscribers?|[Mm]etrics?|[Ll]abels?|[Ss]essions?)\w*(?:\[[^\]]+\]\s*=[^=]|\.(?:set|put|add|append|push|Store|Add|Set|on)\()|\b(?:(?:\w+\.)+\w+|(?:pending|queue|buffer|backlog|history|cache|seen)\w*) = append\(/;
const encoding =
  /\b(?:gzip|zstd|snappy|lz4|deflate|base64|utf-?8|UTF_?8|latin1|charset|encoding|Encoding|avro|Avro|protobuf|msgpack|marshal|Marshal|unmarshal|Unmarshal|serializer|Serializer|deserializer|Deserializer|codec|Codec|compression|Compression|checksum|crc)\b/;
const protection =
  /(?:[Cc]ircuit_?[Bb]reaker|\b[Bb]reaker|[Bb]ulkhead|[Rr]ate_?[Ll]imit\w*|\blimiter|[Tt]hrottl\w*|[Bb]ackpressure|[Ss]emaphore|\bsem\b|[Ff]allback|[Hh]ystrix|[Rr]esilience4j|@Retry|[Dd]ebounce|[Dd]edup\w*|[Ii]dempoten\w*|[Ss]ingleflight|ON CONFLICT|IF NOT EXISTS)/;
const wide =
  /\bString\(|toString\(|BigInt\(|\b(?:u?int64|i64|u64|BIGINT|bigint|long|Long|float64|f64|double|Double|Decimal|BigDecimal|NUMERIC|numeric|TEXT)\b/;
const rounding = /\b\w*(?:[Rr]ound\w*|floor|ceil|toFixed|quantize|trunc)\(/;
const narrow =
  /\b(?:u?int(?:32|16|8)?|i32|u32|i16|INT|INTEGER|SMALLINT|integer|Integer|short|float32|f32|float|Float|VARCHAR\(\d+\)|Number|int)\b/;
const keyed =
  /\b\w*[Kk]ey\w*\b.*(?:Sprintf|format|f["'`]|["'`].*[:%${])|(?:partition|shard|routing|cache|dedup|group)_?[Kk]ey/i;
const sorting = /\b\w*[Ss]ort(?:ed|By|Slice|_by)?\w*\(|ORDER BY/;
const numbered = /^(?:optional |required |repeated )?[\w.<>, ]+ (\w+) = (\d+)/;
const condition =
  /^(?:}? ?else )?(?:if|elif|unless|while|when|case|assert|return .*(?:&&|\|\||[<>!=]=?)|for\b.*[<>]=?)/;
const errorCheck =
  /\bif \(?(?:err|error|e|ok)\b|\bcatch\b|\bexcept\b|\brescue\b|\brecover\(\)|\.catch\(|\.unwrap_or|\?;$|\btry\b/;
const index = /\blen\(|\.length\b|\.size\(\)|\.Length\b|\.count\(\)|\bcap\(|\bbounds?\b|isEmpty\(\)/;

const tests: readonly Test[] = [
  {
    deed: 'null-guard-removed',
    words: 'a test for a missing value is gone',
    test: (lines) => goneOf(nullTest, { ...lines, removed: lines.removed.filter((line) => !/\berr\b/.test(line)) }),
  },
  {
    deed: 'init-removed',
    words: 'something is not made before it is used',
    test: ({ removed, added }) =>
      removed.some((line) => {
        const made = initial.exec(line)?.[1];
        return (
          made !== undefined &&
          !added.some((other) => other.startsWith(made) || other.includes(`${made} =`) || other.includes(`${made} :=`))
        );
      }),
  },
  {
    deed: 'bounds-guard-removed',
    words: 'a test of a length is gone',
    test: (lines) => goneOf(index, { ...lines, removed: lines.removed.filter((line) => condition.test(line)) }),
  },
  {
    deed: 'condition-changed',
    words: 'a condition was changed',
    test: (lines) => similarLines(lines, (line) => condition.test(line) && !/\berr\b/.test(line)),
  },
  { deed: 'error-check-removed', words: 'an error is no longer handled', test: (lines) => goneOf(errorCheck, lines) },
  { deed: 'lock-removed', words: 'a lock is gone', test: (lines) => goneOf(lock, lines) },
  { deed: 'lock-added', words: 'a lock is taken that was not', test: (lines) => newOf(lock, lines) },
  { deed: 'release-removed', words: 'something is no longer given back', test: (lines) => goneOf(release, lines) },
  { deed: 'bound-removed', words: 'something that kept it small is gone', test: (lines) => goneOf(bound, lines) },
  { deed: 'growth-added', words: 'something is kept that was not', test: (lines) => newOf(growth, lines) },
  {
    deed: 'batching-removed',
    words: 'what was asked at once is asked one by one',
    test: (lines) => goneOf(bulk, lines) && lines.added.some((line) => remote.test(line)),
  },
  {
    deed: 'per-item-calls',
    words: 'another is called in a loop',
    test: (lines) => newOf(remote, lines) && lines.added.some((line) => loop.test(line)),
  },
  { deed: 'cache-removed', words: 'a cache is not used any more', test: (lines) => goneOf(cache, lines) },
  { deed: 'call-removed', words: 'a call is gone', test: (lines) => goneCalls(lines).length > 0 },
  { deed: 'field-renamed', words: 'a field has another name', test: (lines) => goneFields(lines).length > 0 },
  {
    deed: 'access-changed',
    words: 'who may do what was changed',
    test: ({ removed, added }) => [...removed, ...added].some((line) => access.test(line)),
  },
  { deed: 'tls-changed', words: 'TLS is set up otherwise', test: (lines) => goneOf(tls, lines) || newOf(tls, lines) },
  {
    deed: 'query-changed',
    words: 'a query was changed',
    test: (lines) =>
      [lines.removed, lines.added].every((some) => some.some((line) => query.test(line))) || goneOf(query, lines),
  },
  {
    deed: 'schema-changed',
    words: 'the schema of a database was changed',
    test: (lines) => goneOf(schema, lines) || newOf(schema, lines),
  },
  {
    deed: 'regex-changed',
    words: 'a pattern was changed',
    test: ({ added }) => added.some((line) => regex.test(line)),
  },
  {
    deed: 'loop-exit-removed',
    words: 'a way out of a loop is gone',
    test: (lines) =>
      goneOf(loopExit, lines) &&
      [...lines.removed, ...lines.added].some((line) => loop.test(line) || /depth|recurs|visited/i.test(line)),
  },
  { deed: 'wait-removed', words: 'a pause is gone', test: (lines) => goneOf(waiting, lines) },
  { deed: 'timeout-raised', words: 'a timeout is gone', test: (lines) => goneOf(timeout, lines) },
  { deed: 'retry-lowered', words: 'retries are gone', test: (lines) => goneOf(retry, lines) },
  { deed: 'retry-raised', words: 'it tries again where it did not', test: (lines) => newOf(retry, lines) },
  { deed: 'blocking-added', words: 'it waits where it did not', test: (lines) => newOf(blocking, lines) },
  { deed: 'fan-out-added', words: 'it does at once what it did in turn', test: (lines) => newOf(fanOut, lines) },
  {
    deed: 'acknowledgement-removed',
    words: 'messages are no longer acknowledged as before',
    test: (lines) => goneOf(ack, lines),
  },
  {
    deed: 'encoding-changed',
    words: 'data is written or read in another form',
    test: (lines, paths) =>
      otherOf(encoding, lines) || (paths.some((path) => /\.(?:proto|thrift|fbs)$/.test(path)) && numberedFields(lines)),
  },
  {
    deed: 'protection-removed',
    words: 'what kept others from harm is gone',
    test: (lines) => goneOf(protection, lines),
  },
  {
    deed: 'order-changed',
    words: 'locks or steps are taken in another order',
    test: ({ removed, added, moved }) =>
      moved.some((line) => lock.test(line)) ||
      (removed.some((line) => sorting.test(line)) && !added.some((line) => sorting.test(line))) ||
      (removed.length + added.length === 0 && moved.some((line) => effectfulCall.test(line))),
  },
  {
    deed: 'type-changed',
    words: 'a number has another type',
    test: (lines) => (goneOf(wide, lines) && newOf(narrow, lines)) || goneOf(rounding, lines),
  },
  {
    deed: 'key-changed',
    words: 'what something is found by was changed',
    test: ({ removed, added }) => removed.some((line) => keyed.test(line)) && added.some((line) => keyed.test(line)),
  },
  {
    deed: 'dependency-changed',
    words: 'a dependency has another version',
    test: (lines, paths) => newDependency(lines, paths),
  },
];

/** Lines that differ in an operator, a sign or a small part alone. */
function similarLines({ removed, added }: DiffLines, wanted: (line: string) => boolean): boolean {
  const after = new Set(added.filter(wanted).map(bareWords));
  return removed.some((line) => wanted(line) && after.has(bareWords(line)));
}

function bareWords(line: string): string {
  return (line.match(/[A-Za-z_]\w*/g) ?? []).join(' ');
}

/** Fields of a protocol buffer by number: another number is another field. */
function numberedFields({ removed, added }: DiffLines): boolean {
  const numbers = new Map(
    added.flatMap((line) => (numbered.exec(line) ? [[numbered.exec(line)![1], numbered.exec(line)![2]]] : [])),
  );
  return removed.some((line) => {
    const [, name, number] = numbered.exec(line) ?? [];
    return name !== undefined && numbers.has(name) && numbers.get(name) !== number;
  });
}

/** Statements that call something for its effect, and that nothing new calls. */
function goneCalls({ removed, added }: DiffLines): string[] {
  const left = added.join('\n');
  return removed
    .filter((line) => effectfulCall.test(line))
    .map((line) => /([\w$]+)\s*\(/.exec(line)![1]!)
    .filter((name) => !new RegExp(`\\b${name.replace(/\$/g, '\\$')}\\b`).test(left));
}

const fieldName =
  /(?:json|yaml|xml|bson|db|protobuf|avro|form|query|header|env|mapstructure|gorm|@JsonProperty|@SerializedName|@Column|rename|alias|name)\s*[:=(]{1,2}\s*\\?["'`]([\w.$/-]+)|["'`]([A-Za-z_][\w.$/-]*)["'`]\s*(?::|=>|\])|(?:getenv|Getenv|environ(?:\.get)?|process\.env|Header(?:\.Get)?|Param|Query)\W{1,3}["'`]?([\w-]+)|^\s*(?:optional |required |repeated )?\w+ (\w+) = \d+|^([A-Z][A-Z0-9_]{3,})\s*[:=]|\[\]string\{([^}]*)\}/g;

/** Names by which others know a field, a setting, a header, that are gone. */
function goneFields({ removed, added }: DiffLines): string[] {
  const names = (lines: readonly string[]): Set<string> => {
    const found = new Set<string>();
    for (const line of lines)
      for (const match of line.matchAll(fieldName))
        for (const part of match.slice(1))
          for (const name of (part ?? '').split(/["'`,\s]+/)) if (name.length >= 2) found.add(name);
    return found;
  };
  const left = names(added);
  return [...names(removed)].filter((name) => !left.has(name));
}

function goneNames(lines: DiffLines): string[] {
  const left = new Set(lines.added.join('\n').match(/[A-Za-z_$][\w$]*/g) ?? []);
  const gone = new Set([...goneFields(lines), ...goneCalls(lines)]);
  for (const name of lines.removed.join('\n').match(/[A-Za-z_$][\w$]*/g) ?? [])
    if (name.length >= 6 && /[a-z][A-Z]|_/.test(name) && !left.has(name)) gone.add(name);
  return [...gone];
}

/** `github.com/acme/pkg/schema v0.9.0` → pkg/schema. */
function raisedModules({ added }: DiffLines): string[] {
  return added.flatMap((line) => {
    const found = /^(?:require )?["']?@?([\w.-]+(?:\/[\w.-]+)+)["']?[\s:=@"'^~v]+\d+\.\d+/.exec(line);
    if (!found) return [];
    const parts = found[1]!.split('/').filter((part) => !/^v\d+$/.test(part));
    return parts[0]!.includes('.')
      ? [parts.slice(2).join('/'), parts.slice(-1)[0]!].filter(Boolean)
      : [parts.slice(-1)[0]!];
  });
}

/** A version other than in its last number: patches are to change nothing. */
function newDependency({ removed, added }: DiffLines, paths: readonly string[]): boolean {
  if (
    !paths.some((path) =>
      /(?:^|\/)(?:go\.mod|package\.json|requirements.*\.txt|pom\.xml|build\.gradle(?:\.kts)?|Cargo\.toml|Gemfile|pyproject\.toml|Dockerfile|Chart\.yaml)$/.test(
        path,
      ),
    )
  )
    return false;
  const versions = (lines: readonly string[]): Map<string, string> =>
    new Map(
      lines.flatMap((line) => {
        const found = /^(.*?)[\s:"'=@^~v]+(\d+\.\d+)(?:\.\S*)?/.exec(line);
        return found ? [[found[1]!.trim(), found[2]!] as const] : [];
      }),
    );
  const before = versions(removed);
  return [...versions(added)].some(([name, version]) => before.has(name) && before.get(name) !== version);
}
