import { describe, expect, test } from '@jest/globals';
import { createChangeMarkerReader } from '../../../ingest/transform/change-markers.js';
import { createContext } from '../../../ingest/transform/context.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { ChangeMarker } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { raw } from './world.js';

const shop = { source: 'pipeline@test', namespace: 'shop' };

function marker(at: string, told: Partial<ChangeMarker>, workload?: string): RawEvent {
  const whole: ChangeMarker = {
    kind: 'change-marker',
    what: 'deploy',
    reference: '',
    message: null,
    author: null,
    paths: [],
    diff: null,
    ...told,
  };
  return raw(
    'kubeapi',
    at,
    { ...whole },
    workload === undefined ? shop : { ...shop, workload, workloadKind: 'Deployment' },
  );
}

const commit = (at: string, reference: string, paths: string[], diff: string | null): RawEvent =>
  marker(at, { what: 'commit', reference, paths, diff, author: 'kim', message: 'Tidy' });

function told(...events: RawEvent[]): string[] {
  const reader = createChangeMarkerReader(createContext('test'));
  return events
    .flatMap((event) => reader.read(event))
    .map(({ event: { entity, semantic } }) => {
      const { commit: sha, does } = semantic.attributes;
      return `${semantic.category} ${entityTitle(entity)} ${String(sha ?? '-')} ${String(does ?? '-')}`.trim();
    });
}

const smaller = '-  poolSize: 40\n+  poolSize: 4';

describe('what people and pipelines say that they changed', () => {
  test('a commit alone changes nothing that runs; its rollout is told with what it does', () => {
    expect(told(commit('10:00:00', 'c1', ['services/cart/config.yaml'], smaller))).toEqual([]);
    expect(
      told(
        commit('10:00:00', 'c1', ['services/cart/config.yaml'], smaller),
        marker('10:05:00', { reference: 'c1', message: 'v2' }, 'cart'),
      ),
    ).toEqual(['change.risky-deploy Deployment/shop/cart c1 limit-lowered']);
  });

  test('a diff that does nothing makes no risk, and what is not known is told as it is', () => {
    expect(
      told(
        commit('10:00:00', 'c1', ['docs/cart.md'], smaller),
        marker('10:05:00', { reference: 'c1' }, 'cart'),
        marker('10:06:00', { reference: 'v7' }, 'mail'),
      ),
    ).toEqual(['change.deploy Deployment/shop/cart c1', 'change.deploy Deployment/shop/mail - -']);
  });

  test('a rollout brings what was merged since the last one: its own files and shared ones, nobody else’s', () => {
    expect(
      told(
        commit('10:00:00', 'own', ['services/cart/config.yaml'], smaller),
        commit('10:01:00', 'shared', ['pkg/db/pool.go'], smaller),
        commit('10:02:00', 'other', ['services/mail/config.yaml'], smaller),
        commit('10:03:00', 'head', ['services/cart/README.md'], null),
        marker('10:05:00', { reference: 'head' }, 'cart-service'),
        marker('10:15:00', { reference: 'head' }, 'cart-service'),
      ),
    ).toEqual([
      'change.deploy Deployment/shop/cart-service head',
      'change.risky-deploy Deployment/shop/cart-service own limit-lowered',
      'change.risky-deploy Deployment/shop/cart-service shared limit-lowered',
      'change.deploy Deployment/shop/cart-service head',
    ]);
  });

  test('another version of a shared module brings its commits; a contract concerns the whole namespace', () => {
    const raised = '-\tgithub.com/acme/pkg/schema v0.8.0\n+\tgithub.com/acme/pkg/schema v0.9.0';
    expect(
      told(
        commit('10:00:00', 'rename', ['pkg/schema/order.go'], '-  Total int `json:"total"`\n+  Total int `json:"sum"`'),
        commit('10:01:00', 'raise', ['cart/go.mod'], raised),
        marker('10:05:00', { reference: 'raise' }, 'cart'),
      ),
    ).toEqual([
      'change.deploy Deployment/shop/cart raise dependency-changed',
      'change.risky-deploy Deployment/shop/cart rename field-renamed',
      'change.risky-deploy Namespace/shop rename field-renamed',
    ]);
  });

  test('flags and settings are changes of their own kinds; without a place there is nothing to tell', () => {
    expect(
      told(
        marker('10:00:00', { what: 'flag', reference: 'new-cart' }, 'cart'),
        marker('10:00:01', { what: 'config', reference: 'r12' }, 'cart'),
      ),
    ).toEqual(['change.flag Deployment/shop/cart - -', 'change.config Deployment/shop/cart - -']);
    expect(told(marker('10:00:00', { reference: 'c1' }))).toEqual([]);
  });
});
