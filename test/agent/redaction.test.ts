import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRedactor, isSensitiveName, redactionPatterns } from '../../agent/redaction.js';

const { redact, redactData } = createRedactor();

const jwt =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
// Put together at run time: scanners of source code should not take these for real ones.
const samples: Readonly<Record<string, readonly string[]>> = {
  'private-key': [
    ['-----BEGIN RSA PRIVATE', 'KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----'].join(' '),
    ['-----BEGIN PRIVATE', 'KEY-----\\nMIIEvQ\\n'].join(' '),
  ],
  authorization: ['Bearer abcDEF123456', 'basic c2hvcDpodW50ZXIy', `Bearer ${jwt}`],
  jwt: [jwt, jwt.slice(0, jwt.lastIndexOf('.'))],
  'aws-access-key': [`AKIA${'IOSFODNN7EXAMPLE'}`],
  'gcp-api-key': [`AIza${'SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY'}`],
  'gcp-oauth-token': [`ya29.${'a0AfH6SMBx7example0token'}`],
  'github-token': [`ghp_${'a1B2'.repeat(9)}`, `github_pat_${'a1B2'.repeat(8)}`],
  'gitlab-token': [`glpat-${'a1B2'.repeat(5)}`],
  'slack-token': [`xoxb-${'123456789012-abcdefABCDEF'}`],
  'slack-webhook': [`https://hooks.slack.com/services/${'T000/B000/XXXXYYYYZZZZ'}`],
  'stripe-key': [`sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`, `whsec_${'a1B2'.repeat(8)}`],
  'npm-token': [`npm_${'a1B2'.repeat(9)}`],
  'url-password': ['postgres://shop:hunter2@db:5432/shop', 'redis://:p4ss@cache', 'amqp://u:a@b@mq/'],
  'key-value': [
    'password=hunter2',
    '"api_key": "a b c"',
    'client-secret: Xy12',
    "DB_PASSWORD='x y'",
    'access_key => 1',
    '{\\"token\\":\\"abc\\"}',
  ],
  'credit-card': ['4111 1111 1111 1111', '5500-0000-0000-0004', '378282246310005'],
  iban: ['DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432'],
  email: ['ann.lee+x@mail.example.org'],
};

describe('every pattern', () => {
  test.each(redactionPatterns.map(({ name }) => name))('%s finds its samples and leaves none of the secret', (name) => {
    const texts = samples[name] ?? [];
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      const clean = redact(`at 10:00 x ${text} y`);
      expect(clean).toContain(`[redacted:${name === 'jwt' ? 'jwt' : name}]`);
      expect(clean).toMatch(/^at 10:00 x .*$/s);
      for (const secret of [
        'hunter2',
        'MIIE',
        'a1B2a1B2',
        'dozjgN',
        'c2hvcD',
        '1111 1111',
        '3704',
        'ann.lee',
        'Xy12',
        'a b c',
        'x y',
      ]) {
        if (text.includes(secret)) expect(clean).not.toContain(secret);
      }
    }
  });

  test('is in docs/redaction.md, in the same order', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'redaction.md'), 'utf8');
    const section = page.slice(page.indexOf('## Patterns'), page.indexOf('## Names'));
    const listed = [...section.matchAll(/^\| `([a-z-]+)` *\|/gm)].map(([, name]) => name);
    expect(listed).toEqual(redactionPatterns.map(({ name }) => name));
  });
});

describe('what says something about a failure stays', () => {
  test.each([
    'Error: secret "payment-secret" not found',
    'MountVolume.SetUp failed for volume "config" : secret "db-credentials" not found',
    "couldn't find key password in Secret shop/db-credentials",
    'unexpected token: end of input',
    'basic authentication failed for user',
    'Failed to pull image "registry.example.org/shop/cart@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'containerd://4111111111111111a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736 took 1764005400123456789 ns',
    'connect ECONNREFUSED 10.96.12.7:8080',
    'pods "cart-7d9f8b6c5-x2x9z" is forbidden: exceeded quota: shop, requested: cpu=1, used: cpu=2, limited: cpu=2',
    'system:serviceaccount:shop:catalog cannot list resource "configmaps" in API group ""',
    'http://store.shop.svc.cluster.local:8080/orders@latest',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('names', () => {
  test('that hold a secret are told from names that speak about one', () => {
    for (const name of [
      'DB_PASSWORD',
      'clientSecret',
      'api-key',
      'API_TOKEN',
      'aws.secretAccessKey',
      'credentials',
      'DB_PASS',
      'tokens',
      'API_KEY_PROFILE',
    ]) {
      expect([name, isSensitiveName(name)]).toEqual([name, true]);
    }
    for (const name of [
      'secretName',
      'TOKEN_FILE',
      'imagePullSecretRef',
      'passwordPolicy',
      'TOKEN_URL',
      'compass',
      'host',
      'tokenExpirationSeconds',
    ]) {
      expect([name, isSensitiveName(name)]).toEqual([name, false]);
    }
  });

  test('of nested fields decide over their texts, and nothing is copied that need not change', () => {
    const calm = { name: 'cart', list: [{ secretName: 'db' }], count: 3, none: null };
    expect(redactData(calm, '')).toBe(calm);
    const data = { user: 'ann', nested: [{ password: 'hunter2', port: 5432 }, calm] };
    const clean = redactData(data, '') as typeof data;
    expect(clean).toEqual({ user: 'ann', nested: [{ password: '[redacted:sensitive-name]', port: 5432 }, calm] });
    expect(clean.nested[1]).toBe(calm);
    expect(redactData('hunter2', 'data.DB_PASSWORD')).toBe('[redacted:sensitive-name]');
    expect(redactData('$(FROM_ELSEWHERE)', 'env.PASSWORD')).toBe('$(FROM_ELSEWHERE)');
  });
});

const sample = fc.constantFrom(...Object.values(samples).flat());
const piece = fc.oneof(
  { weight: 3, arbitrary: sample },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'password=',
      'token: ',
      '"',
      "'",
      '://',
      ':',
      '@',
      '=',
      ' ',
      '\n',
      '[redacted:',
      ']',
      '\\"',
      'Bearer ',
      '4111',
    ),
  },
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

describe('for any text', () => {
  test('a second redaction changes nothing', () => {
    fc.assert(
      fc.property(text, (input) => redact(redact(input)) === redact(input)),
      { numRuns: 3000 },
    );
  });

  test('a secret that stands alone between blanks never survives', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(samples)), fc.nat(), text, text, (name, pick, before, after) => {
        const options = samples[name] ?? [];
        const secret = options[pick % options.length] ?? '';
        fc.pre(!/-----BEGIN|["'\\]/.test(before));
        expect(redact(`${before} ; ${secret} ; ${after}`)).not.toContain(` ; ${secret} ; `);
      }),
      { numRuns: 1000 },
    );
  });

  test('data is redacted exactly where it is text, and stays as it was elsewhere', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const clean = redactData(value, '');
        const shape = (one: unknown): unknown => {
          if (typeof one === 'string') return 'text';
          if (Array.isArray(one)) return one.map(shape);
          if (one === null || typeof one !== 'object') return one;
          return Object.entries(one).map(([key, inner]) => [key, shape(inner)]);
        };
        expect(shape(clean)).toEqual(shape(value));
        expect(redactData(clean, '')).toBe(clean);
      }),
    );
  });
});

test('a long text full of near misses does not make the patterns backtrack without end', () => {
  // A nested quantifier would make the larger one take thousands of times as long; the allowance here is for a busy machine.
  const near = ['password', 'a://b:', 'eyJ', '4111 ', 'DE89 ', 'x@', 'Bearer ', '-----BEGIN ', 'tokentoken', '1111'];
  const cost = (length: number) =>
    near.map((part) => {
      const input = part.repeat(Math.ceil(length / part.length));
      const began = process.cpuUsage();
      redact(input);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    });
  cost(2_000);
  const [small, large] = [cost(4_000), cost(40_000)];
  for (const [at, micros] of large.entries()) expect(micros).toBeLessThan(200 * Math.max(small[at] ?? 0, 1_000));
});
