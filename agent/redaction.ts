/** Removes what must not leave the machine from texts and payloads. docs/redaction.md lists the patterns; a test keeps the two in step. */
export interface Redactor {
  /** The text with every match replaced by `[redacted:<pattern>]`. Applying it again changes nothing. */
  redact(text: string): string;
  /**
   * The same for every text inside a value; a text under a sensitive name (`password`, `clientSecret` …) goes as a whole. `path` is
   * where the value itself stands, dotted; its last name counts. Returns the value itself when nothing in it had to go.
   */
  redactData(value: unknown, path: string): unknown;
}

export interface RedactionPattern {
  /** Lower case and dashes: what appears in the replacement. */
  readonly name: string;
  /** Global. What the replacement stands for is group `secret` where there is one, else the whole match. */
  readonly expression: RegExp;
  /** Tells matches from look-alikes, such as a card number from any sixteen digits. */
  readonly accept?: (match: string) => boolean;
  /** Matches every text that the expression could match in, and is quick to say no. */
  readonly hint: RegExp;
}

/** A value that was redacted before must not be taken for a secret again. */
const notYet = String.raw`(?!\[redacted:)`;
const secretWords = String.raw`(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|credentials?)`;

/** In the order in which they are applied: the specific before the general. */
export const redactionPatterns: readonly RedactionPattern[] = [
  {
    name: 'private-key',
    expression: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    hint: /PRIVATE KEY-----/,
  },
  {
    name: 'authorization',
    expression: new RegExp(
      String.raw`\b(?:bearer|basic|digest|negotiate)\s+(?<secret>${notYet}[A-Za-z0-9+/._~=-]{8,})`,
      'gi',
    ),
    // `basic authentication failed` is prose: a credential has a digit, a capital inside, padding, or is long.
    accept: (match) => /\d|[a-z][A-Z]|=|\S{24,}/.test(match.replace(/^\S+\s+/, '')),
    hint: /bearer\s|basic\s|digest\s|negotiate\s/i,
  },
  {
    name: 'jwt',
    expression: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?(?:\.[A-Za-z0-9_-]*){0,2}/g,
    hint: /eyJ/,
  },
  { name: 'aws-access-key', expression: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g, hint: /AKIA|ASIA|ABIA|ACCA/ },
  { name: 'gcp-api-key', expression: /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g, hint: /AIza/ },
  { name: 'gcp-oauth-token', expression: /\bya29\.[A-Za-z0-9_-]{20,}/g, hint: /ya29\./ },
  {
    name: 'github-token',
    expression: /\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})\b/g,
    hint: /gh[pousr]_|github_pat_/,
  },
  {
    name: 'gitlab-token',
    expression: /\bgl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}/g,
    hint: /gl(?:pat|dt|rt|ptt|soat)-/,
  },
  {
    name: 'slack-token',
    expression: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}/g,
    hint: /xox[abeoprs]-|xapp-/,
  },
  {
    name: 'slack-webhook',
    expression: /\bhttps:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9/_-]{10,})/g,
    hint: /hooks\.slack\.com/,
  },
  { name: 'stripe-key', expression: /\b(?:[sr]k|whsec)_(?:(?:live|test)_)?[A-Za-z0-9]{16,}\b/g, hint: /[sr]k_|whsec_/ },
  { name: 'npm-token', expression: /\bnpm_[A-Za-z0-9]{36}\b/g, hint: /npm_/ },
  {
    name: 'url-password',
    // scheme://user:password@host; the password ends at the last @ before the path
    expression: new RegExp(
      String.raw`\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"'<>]{0,100}:(?<secret>${notYet}[^\s/"'<>]{1,200})@`,
      'gi',
    ),
    hint: /:\/\//,
  },
  {
    name: 'key-value',
    // password=…, "api_key": "…", client-secret: …; a quoted value ends at its quote, a bare one at a separator
    expression: new RegExp(
      String.raw`${secretWords}[A-Za-z0-9_.-]{0,24}\\?["']?\s{0,3}(?:=>?|:(?!\/\/))\s{0,3}` +
        String.raw`(?:\\?"(?<quoted>${notYet}[^"\\\r\n]{1,500})|'(?<single>${notYet}[^'\r\n]{1,500})|(?<secret>[^\s"'\\,;&()[\]{}]{1,500}))`,
      'gi',
    ),
    accept: isAssignment,
    hint: /pass|pwd|secret|token|key|credential/i,
  },
  {
    name: 'credit-card',
    expression: /(?<![\w.-])[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{1,4})?(?![\w.-])/g,
    accept: isCardNumber,
    hint: /\d{4}[ -]?\d{4}/,
  },
  {
    name: 'iban',
    expression: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g,
    accept: isIban,
    hint: /[A-Z]{2}\d{2}/,
  },
  {
    name: 'email',
    expression:
      /\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}\b/g,
    hint: /@/,
  },
];

/** In practice two: one that replaces, one that finds nothing. */
const maxRounds = 8;
const maxNames = 10_000;

export interface RedactorOptions {
  /** Instead of {@link redactionPatterns}. */
  readonly patterns?: readonly RedactionPattern[];
}

export function createRedactor({ patterns = redactionPatterns }: RedactorOptions = {}): Redactor {
  // Nearly every text goes through untouched after one look for each case rule; a single one that ignores case finds too much.
  const hints = (ignoreCase: boolean) => {
    const sources = patterns.filter(({ hint }) => hint.ignoreCase === ignoreCase).map(({ hint }) => hint.source);
    return sources.length === 0 ? null : new RegExp(sources.join('|'), ignoreCase ? 'i' : '');
  };
  const prefilters = [hints(false), hints(true)].filter((one) => one !== null);
  const sensitive = new Map<string, boolean>();

  function redact(text: string): string {
    if (!prefilters.some((one) => one.test(text))) return text;
    // Until nothing changes, so that a second redaction finds nothing that the first uncovered.
    let clean = text;
    for (let round = 0; round < maxRounds; round++) {
      const before = clean;
      for (const pattern of patterns) if (pattern.hint.test(clean)) clean = apply(pattern, clean);
      if (clean === before) break;
    }
    return clean;
  }

  function redactData(value: unknown, path: string): unknown {
    return walk(value, path.slice(path.lastIndexOf('.') + 1));
  }

  /** The same few hundred names come again and again. */
  function isSensitive(name: string): boolean {
    let known = sensitive.get(name);
    if (known === undefined) {
      if (sensitive.size >= maxNames) sensitive.clear();
      known = isSensitiveName(name);
      sensitive.set(name, known);
    }
    return known;
  }

  function walk(value: unknown, name: string): unknown {
    if (typeof value === 'string') {
      if (value === '' || value.startsWith('[redacted:')) return value;
      return isSensitive(name) && !isReference(value) ? '[redacted:sensitive-name]' : redact(value);
    }
    if (Array.isArray(value)) {
      const walked = value.map((entry) => walk(entry, name));
      return walked.some((entry, at) => entry !== value[at]) ? walked : value;
    }
    if (value === null || typeof value !== 'object') return value;
    let copy: Record<string, unknown> | null = null;
    for (const [field, inner] of Object.entries(value)) {
      const walked = walk(inner, field);
      if (walked !== inner) (copy ??= { ...(value as Record<string, unknown>) })[field] = walked;
    }
    return copy ?? value;
  }

  return { redact, redactData };
}

function apply({ name, expression, accept }: RedactionPattern, text: string): string {
  const replacement = `[redacted:${name}]`;
  return text.replace(expression, (match: string, ...rest: unknown[]) => {
    if (accept && !accept(match)) return match;
    const groups = (typeof rest.at(-1) === 'object' ? rest.at(-1) : {}) as Record<string, string | undefined>;
    const secret = groups['secret'] ?? groups['quoted'] ?? groups['single'];
    if (secret === undefined) return replacement;
    // The secret is the last thing in the match, up to what closes it.
    const at = match.lastIndexOf(secret);
    return match.slice(0, at) + replacement + match.slice(at + secret.length);
  });
}

const sensitiveWords =
  /pass(?:word|wd|phrase)|pwd|secret|token|credential|api[_.-]?key|access[_.-]?key|private[_.-]?key|(?:encryption|signing|master)[_.-]?key|connection[_.-]?string|(?:^|[_.-])(?:pass|dsn)(?:$|[_.-])/i;
/** Last words of names that speak about a secret without being one: where it lies, what it is called, how long it lives. */
const aboutSecrets = new Set(
  (
    'name names ref refs reference path paths file files dir url uri endpoint host port namespace class type kind provider store mode ' +
    'enabled required policy version audience issuer expiration expiry ttl seconds timeout length size count limit id ids'
  ).split(' '),
);

/** Whether a field, variable or key of this name holds a secret itself: `DB_PASSWORD`, `clientSecret`; not `secretName`, `TOKEN_FILE`. */
export function isSensitiveName(name: string): boolean {
  if (!sensitiveWords.test(name)) return false;
  const lastWord = name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).at(-1) ?? '';
  return !aboutSecrets.has(lastWord.toLowerCase());
}

/** `$(VAR)`, `${VAR}`, `{{ … }}`, a placeholder for the value that is elsewhere; or a value already rendered harmless. */
function isReference(value: string): boolean {
  return /^(?:\$\([A-Za-z0-9_.-]+\)|\$\{[A-Za-z0-9_.-]+\}|redacted \(\d+ bytes\)|sha256:[0-9a-f]{12})$/.test(value);
}

/** `token: expired` is prose; `token: 8fK2…`, `token=expired` and `password: hunter` are not. */
function isAssignment(match: string): boolean {
  const [, name = '', separator = '', value = ''] = /^([\w.-]+)\\?["']?(\s*(?:=>?|:)\s*)\\?(.*)$/s.exec(match) ?? [];
  if (!isSensitiveName(name) || /^(?:null|true|false|none|undefined|nil)$/i.test(value)) return false;
  const prose = /:\s+$/.test(separator) && /^[a-z]{1,15}$/.test(value);
  return !prose || /^(?:pass|pwd)/i.test(name);
}

/** Luhn's check digit (ISO/IEC 7812-1), 13 to 19 digits. */
function isCardNumber(match: string): boolean {
  const digits = match.replace(/[ -]/g, '');
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616: moved to the end and read as a number base 36, country and check digits leave 1 modulo 97. */
function isIban(match: string): boolean {
  const text = match.replace(/ /g, '');
  if (text.length < 15 || text.length > 34) return false;
  let remainder = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    for (const digit of String(parseInt(character, 36))) remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1;
}
