import { deeds, type Deed } from '../detect/diff-meaning.js';
import { wordsOf } from '../detect/identifiers.js';

/**
 * What each kind of change of code brings about, in the words of programs and of those who watch them. General knowledge of software,
 * not of any one program: a lock that is gone shows as a race, a smaller pool as waiting for it.
 */
const effects: Readonly<Record<Deed, RegExp>> = {
  'null-guard-removed':
    /nil pointer|null ?pointer|null reference|nullreference|nonetype|divi(?:de|sion) by zero|zerodivision|\bnan\b|empty|of (?:undefined|null)\b|undefined is not|is not (?:a function|defined)|nil dereference|invalid memory address|sigsegv|segmentation|unwrap\(\)|none\b.*attribute|optional/,
  'init-removed':
    /nil map|nil pointer|null|undefined|nonetype|not initiali[sz]ed|uninitiali[sz]ed|invalid memory address|is not a function|unbound/,
  'bounds-guard-removed':
    /index out of|out of (?:range|bounds)|indexerror|arrayindex|stringindex|slice bounds|buffer over|no such element|empty (?:list|collection|slice)/,
  'condition-changed':
    /reject|invalid|unexpected|wrong|incorrect|mismatch|denied|forbidden|skipp|duplicat|missing|infinite|loop|out of (?:range|bounds)|negative|never|stuck|not found|overflow/,
  'error-check-removed':
    /panic|uncaught|unhandled|nil pointer|null|undefined|exception|crash|fatal|nonetype|segmentation/,
  'lock-removed':
    /concurrent|\brac(?:e|y|ing)\b|deadlock|corrupt|inconsisten|duplicate|conflict|lost update|double|negative|oversold|concurrentmodification|interleav|torn|changed size during iteration/,
  'lock-added':
    /deadlock|lock wait|lock timeout|could not (?:obtain|acquire)|contention|blocked|stuck|starv|hung|hang|waiting for|serializ/,
  'release-removed':
    /\bleak|too many open|file descriptors?|emfile|pool|exhaust|too many connections|connection slots|out of memory|oom|heap|goroutines?|threads?\b.*(?:limit|exhaust|cannot)|sockets?|ephemeral|cannot assign requested address|close_wait/,
  'bound-removed':
    /out of memory|oom|heap|\bgc\b|\bleak|grow|evict|memory|disk|no space|backlog|too large|too many|payload|exceed|slow|timeout|timed out|full (?:table )?scan|scan/,
  'growth-added':
    /out of memory|oom|heap|\bgc\b|\bleak|grow(?:s|ing|th)|memory (?:pressure|limit|usage)|cardinality|too many (?:series|entries|listeners)/,
  'timeout-lowered': /time[d]?[ -]?out|deadline|context cancel|cancell?ed|aborted|504|408/,
  'timeout-raised':
    /\bhang|hung|stuck|exhaust|blocked|pile|queue|waiting|saturat|starv|slow|thread|pool|backlog|deadline|time[d]?[ -]?out/,
  'retry-lowered':
    /retr(?:y|ies) (?:budget|exhaust|failed|limit)|after \d* ?(?:retries|attempts)|attempts? (?:exhaust|failed|left)|exhaust|budget|gave up|giving up|transient|conflict|contention/,
  'retry-raised':
    /retr(?:y|ies)|storm|overload|amplif|429|rate.?limit|throttl|too many requests|surge|thundering|duplicate|quota/,
  'limit-lowered':
    /exhaust|saturat|pool|too many|limit|quota|full|reject|capacity|backpressure|throttl|429|exceed|out of memory|oom|heap|overload|backlog|queue|evict|too large|larger than|starv|acquir|ephemeral|cannot assign requested address|time_wait|truncat/,
  'limit-raised':
    /out of memory|oom|heap|memory (?:limit|pressure|usage|exhaust)|too many (?:connections|open)|connection slots|429|too large|evict|quota|remaining connection|poll (?:timeout|interval)|rebalance|payload/,
  'lifetime-lowered':
    /expired?|cache miss|miss(?:es)? |hit (?:rate|ratio)|stampede|thundering|overload|unauthori[sz]ed|logged out|session|token|too many connections|connection churn|evict|lease|leader/,
  'lifetime-raised':
    /stale|outdated|too many connections|connection slots|revoked|out of memory|heap|disk|no space|retention|broken pipe|connection reset|closed (?:by|connection)|server closed|unexpected eof/,
  'log-volume-raised':
    /no space|disk|read-only file system|log[_ ](?:volume|throughput|ingest|write)|iowait|lines per|\blps\b|log (?:quota|rate)/,
  'number-changed':
    /exceed|limit|threshold|out of range|invalid|too[ _](?:many|few|large|small|low|high)|wrong|incorrect|mismatch|overflow|underflow|reject|renew|expired/,
  'switch-flipped':
    /disabled|enabled|not (?:supported|available|allowed|enabled)|unsupported|unavailable|missing|reject|unauthori[sz]ed|forbidden|fail|slow|scan|bypass|skipp|no longer|strict|refused|denied|unexpected/,
  'text-setting-changed':
    /no such|not found|unknown|does not exist|refused|unreachable|could not resolve|enotfound|nxdomain|unauthori[sz]ed|forbidden|denied|invalid|unsupported|nosuch|wrong|mismatch|missing|404|301|302|redirect|unexpected|no route|probe|readiness|liveness|unhealthy/,
  'batching-removed':
    /throttl|throughput|capacity|rate.?(?:limit|exceeded)|quota|too many requests|429|overload|slow|latency|time[d]?[ -]?out|backlog|lag\b|connections?|pool|exhaust|queries|n\+1/,
  'per-item-calls':
    /throttl|throughput|capacity|rate.?limit|too many requests|429|overload|slow|latency|time[d]?[ -]?out|backlog|lag\b|too many connections|pool|exhaust|queries|n\+1|cpu/,
  'cache-removed':
    /slow|latency|time[d]?[ -]?out|overload|queries|too many connections|pool|throughput|rate.?limit|429|throttl|cpu|miss|hit (?:rate|ratio)|load|stampede|thundering/,
  'call-removed':
    /not found|unknown|no such|not registered|unregistered|missing|undefined|no handler|404|not initiali[sz]ed|uninitiali[sz]ed|nil|null|stale|not configured|unauthori[sz]ed|forbidden|invalid|unset|never|duplicate|empty/,
  'field-renamed':
    /missing|unknown|required|unrecogni[sz]ed|invalid|undefined|deseriali[sz]|unmarshal|decod|pars|schema|column|field|property|\bkey|not found|null|empty|unset|no such|incompatible|unexpected/,
  'access-changed':
    /\b401\b|\b403\b|unauthori[sz]ed|forbidden|denied|permission|not authori[sz]ed|accessdenied|invalid (?:token|signature|audience|issuer|credential|scope)|token|signature|jwt|credential|auth(?:entication|orization)|cors|csrf|not allowed/,
  'tls-changed':
    /no (?:shared|common) cipher|handshake[_ ]failure|cipher|protocol version|unsupported protocol|unknown (?:authority|ca)|self.signed|bad certificate|certificate (?:signed by|verify failed|required)|hostname mismatch|not valid for|cannot validate|doesn't match/,
  'query-changed':
    /slow quer|seq(?:uential)? scan|(?:full|table) scan|lock wait|statement timeout|quer(?:y|ies)|deadlock|column|relation|duplicate (?:key|rows?)|constraint|too many rows|temp(?:orary)? (?:file|table|space)|sort|syntax error|db cpu|rows (?:examined|scanned)/,
  'schema-changed':
    /column|relation|table|constraint|migration|lock|does not exist|null value|duplicate|violates|seq(?:uential)? scan|slow quer|unknown (?:field|type)|foreign key|schema/,
  'regex-changed':
    /cpu|hang|hung|stuck|slow|latency|time[d]?[ -]?out|backtrack|regex|event loop|no match|did not match|invalid (?:format|pattern|input)|pars/,
  'loop-exit-removed':
    /cpu|infinite|stack overflow|recursion|hang|hung|stuck|spin|call stack|maximum depth|loop|runaway/,
  'wait-removed':
    /cpu|spin|busy|429|rate.?limit|throttl|hot loop|overload|too many requests|flood|storm|retr(?:y|ies) (?:storm|exhaust|budget)|contention|exhaust|conflict|thundering|probe/,
  'blocking-added': /event loop|blocked|slow|latency|time[d]?[ -]?out|threads?|stuck|stall|starv|deadline/,
  'fan-out-added':
    /goroutines?|threads?|memory|oom|too many|connections?|overload|429|rate.?limit|throttl|cpu|file descriptors?|fork|pool|exhaust/,
  'acknowledgement-removed':
    /redeliver|duplicate|\blag\b|backlog|queue|age of|oldest message|unacked|offset|reprocess|poison|stuck|visibility/,
  'encoding-changed':
    /decod|unmarshal|corrupt|gzip|charset|magic|deseriali[sz]|checksum|crc|invalid (?:header|byte|character|utf)|unexpected (?:end|eof|token)|malformed|incompatible|unsupported|codec|pars/,
  'protection-removed':
    /overload|cascad|time[d]?[ -]?out|exhaust|429|queue|saturat|thundering|storm|duplicate|double|unavailable|throttl|rate.?limit|flood|surge|violates unique/,
  'order-changed':
    /deadlock|lock wait|not initiali[sz]ed|uninitiali[sz]ed|before (?:it|being|init)|nil|null|undefined|race|stuck|hang|unauthori[sz]ed|not ready/,
  'type-changed':
    /overflow|out of (?:range|bounds)|negative|precision|\bnan\b|truncat|too long|numeric|rounding|mismatch|imbalance|does not match|cast|convert|parse/,
  'key-changed':
    /stale|wrong (?:user|tenant|account)|mismatch|miss(?:es|ing)?\b|collision|duplicate|hit (?:rate|ratio)|hot (?:partition|shard|key)|skew|imbalance|leak|cross-tenant|lag|out of order|ordering/,
  'dependency-changed': /(?!)/,
};

/** Says too little by itself: the words of the change have to be in the error as well. */
const vague = new Set<Deed>([
  'batching-removed',
  'limit-lowered',
  'limit-raised',
  'timeout-lowered',
  'condition-changed',
  'number-changed',
  'switch-flipped',
  'text-setting-changed',
  'call-removed',
  'growth-added',
  'field-renamed',
  'regex-changed',
  'blocking-added',
  'query-changed',
  'release-removed',
  'bound-removed',
  'retry-raised',
  'lifetime-raised',
  'lifetime-lowered',
  'access-changed',
  'encoding-changed',
  'fan-out-added',
  'cache-removed',
  'timeout-raised',
  'lock-added',
  'wait-removed',
  'error-check-removed',
  'schema-changed',
  'loop-exit-removed',
  'per-item-calls',
  'protection-removed',
  'type-changed',
  'key-changed',
]);

/** Effects by which even a vague deed is told, whatever the words. */
const decisive: Readonly<Partial<Record<Deed, RegExp>>> = {
  'batching-removed': /throttl|provisioned|write capacity|rate.?(?:limit|exceeded)|too many requests|429|n\+1/,
  'limit-lowered':
    /exhausted|saturat|too many|limit (?:reached|exceeded)|exceed(?:ed|s) (?:the )?(?:limit|maximum|quota)|out of memory|oom|larger than|too large|(?:queue|buffer|pool) (?:is )?full/,
  'limit-raised': /out of memory|oom|too many connections|connection slots/,
  'timeout-lowered': /deadline exceeded|context cancel|timed out after|timeout after/,
  'bound-removed': /out of memory|oom|heap|memory (?:growth|leak|exhausted)/,
  'growth-added': /out of memory|oom|heap|memory (?:growth|leak|exhausted)/,
  'release-removed':
    /too many open|file descriptors?|emfile|\bleak|pool (?:is )?exhausted|memory (?:growth|leak)|out of memory|cannot assign requested address/,
  'lock-added': /deadlock|lock wait|lock timeout/,
  'loop-exit-removed': /infinite|stack overflow|recursion|call stack|runaway/,
  'regex-changed': /backtrack|event loop|regex/,
  'blocking-added': /event loop/,
  'access-changed':
    /invalid (?:token|signature|audience|issuer|credential|scope)|accessdenied|permission denied|\bjwt\b/,
  'cache-removed': /cache miss|hit (?:rate|ratio)|stampede/,
  'retry-raised': /retry storm|retry amplif/,
  'lifetime-lowered': /(?:session|token|lease)s? (?:has |have )?expired|cache miss|hit (?:rate|ratio)|stampede/,
  'schema-changed': /(?:column|relation|table) .*(?:does not exist|unknown)|violates|null value in column/,
  'query-changed': /(?:seq(?:uential)?|full|table) scan|slow quer|statement timeout/,
  'encoding-changed': /unmarshal|deseriali[sz]|corrupt|magic (?:number|byte)|invalid (?:wire|byte|utf)/,
  'fan-out-added': /goroutines?|too many (?:threads|connections)|fork/,
  'error-check-removed': /unhandled|uncaught/,
  'wait-removed': /busy|spin|hot loop|thundering/,
  'per-item-calls': /n\+1/,
  'protection-removed': /thundering|cascad|too many concurrent|cannot allocate memory|out of memory|oom/,
  'type-changed': /integer overflow|out of range for|numeric (?:value|field)|precision/,
  'key-changed': /collision|cross-tenant|wrong (?:user|tenant|account)|hot (?:partition|shard|key)/,
};

export interface ChangeWords {
  /** attributes.does, terms, gone, values, files of a change.* event. */
  readonly does: readonly Deed[];
  readonly terms: ReadonlySet<string>;
  readonly gone: readonly string[];
  readonly values: readonly string[];
  readonly files: readonly string[];
}

/**
 * How well what a change does fits what went wrong, 0 to 1. 1: it does what has this effect, and the error speaks of what it touched;
 * 0: nothing that it does has such an effect. `own`: words of the thing's own name, which stand in all that it says.
 */
export function changeFits(change: ChangeWords, text: string, own: ReadonlySet<string>): number {
  if (change.does.length === 0) return 0;
  const said = text.toLowerCase();
  const fitting = change.does.filter((deed) => effects[deed].test(said));
  const quoted = change.gone.some((name) => quotes(text, name));
  // A stack trace that leads through a file that was changed.
  const placed = change.files.some((file) => file.length > 4 && said.includes(file.toLowerCase()));
  const valued = change.values.some((value) => names(said, value.toLowerCase()));
  const words = wordsOf(text);
  let shared = 0;
  for (const term of change.terms) if (words.has(term) && !own.has(term)) shared += 1;
  if (fitting.length === 0) return placed ? 0.7 : (quoted || valued) && shared > 1 ? 0.5 : 0;
  if (quoted || placed) return 1;
  const plain = fitting.some((deed) => !vague.has(deed) || decisive[deed]?.test(said));
  if (shared >= 2 || (valued && shared === 1)) return plain ? 1 : 0.9;
  if (shared === 1 || valued) return plain ? 0.9 : 0.6;
  return plain ? 0.65 : 0;
}

/** As a word of its own: port 25, not the 25 of 8025; topic orders.v2. */
function names(said: string, value: string): boolean {
  if (/^(?:true|false|on|off|yes|no|info|warn|error|debug|null|none|[01]+)$/.test(value)) return false;
  const at = said.indexOf(value);
  return at !== -1 && !/[\w.]/.test(said[at - 1] ?? ' ') && !/\w/.test(said[at + value.length] ?? ' ');
}

function quotes(text: string, name: string): boolean {
  if (name.length >= 6 && /[a-z][A-Z]|_/.test(name)) return text.includes(name);
  return new RegExp(`["'\`‘“]${name.replace(/[.*+?^$(){}|[\]\\/]/g, '\\$&')}["'\`’”]`).test(text);
}

export function readDeeds(text: string): Deed[] {
  const known = new Set<string>(deeds);
  return text.split(' ').filter((deed): deed is Deed => known.has(deed));
}
