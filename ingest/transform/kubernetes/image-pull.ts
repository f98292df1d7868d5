import type { Category } from '../../../src/model/categories.js';

export interface PullFailure {
  readonly category: Category;
  /** Why, as a clause: "the registry does not have it". */
  readonly because: string;
}

/** Order matters: a registry's 401 text often also says "not found", a proxy's 403 also "denied". */
const table: readonly (readonly [RegExp, Category, string])[] = [
  [/no space left on device/i, 'image.no-space', 'the disk of the node is full'],
  [
    /toomanyrequests|too many requests|\b429\b|rate limit/i,
    'image.rate-limited',
    'the registry limits the rate of pulls',
  ],
  [
    /no match(?:ing manifest)? for (?:platform|linux|windows)|no matching manifest|does not match the (?:specified|detected) .*platform|exec format error/i,
    'image.wrong-platform',
    'it has no build for the platform of the node',
  ],
  [/signature|SignatureValidationFailed|not signed/i, 'image.signature-invalid', 'its signature is not valid'],
  [
    /unauthorized|authentication required|no basic auth credentials|\b401\b|\b403\b|forbidden|insufficient_scope|authorization failed|access (?:to the resource is )?denied|requested access to the resource is denied/i,
    'image.unauthorized',
    'the registry refuses the credentials',
  ],
  [
    /no such host|server misbehaving|[Tt]emporary failure in name resolution|i\/o timeout|connection refused|connection reset|no route to host|network is unreachable|x509:|TLS handshake|context deadline exceeded|\bEOF\b|http: server gave HTTP response|proxyconnect|\b50[0234]\b/i,
    'image.registry-unreachable',
    'the registry cannot be reached',
  ],
  [
    /manifest unknown|not found|does not exist|name unknown|\b404\b/i,
    'image.not-found',
    'the registry does not have it',
  ],
];

/**
 * Registries hide what does not exist behind a refusal; but Docker's official images are for everyone, so one of them that is refused
 * has a name or tag that is not there.
 */
const refusedOfficial = /docker\.io\/library\/[^"]*": .*(?:manifests\/\S* ?.*403 Forbidden|pull access denied)/i;

/** What an `ErrImagePull` or `ImagePullBackOff` text says, null when the text only says that there is a back-off. */
export function classifyPull(message: string): PullFailure | null {
  if (/^Back-off pulling image "[^"]*"$/.test(message.trim())) return null;
  if (refusedOfficial.test(message)) return { category: 'image.not-found', because: 'the registry does not have it' };
  for (const [pattern, category, because] of table) if (pattern.test(message)) return { category, because };
  return null;
}

/** `docker.io` for images without one: the first path part is a registry only with a dot, a port, or as localhost. */
export function registryOf(image: string): string {
  const first = image.split('/', 1)[0]!;
  return image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
}
