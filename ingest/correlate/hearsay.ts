import type { UnifiedEvent } from '../../src/model/unified-event.js';
import type { Dimensions } from './candidates.js';
import type { Experience } from './experience.js';

/**
 * What alerts of other systems say of each thing, as numbers that add up. Alerts tell where something is unusual, seldom what broke; so
 * no rule can link them. What helps is how unusual each is for its thing (surprise), when it came, whether its callers or its callees
 * complain, and whether a replica has the same.
 */
export interface Hearsay {
  /** Entity id of the thing, and its name. */
  readonly thing: string;
  readonly name: string;
  /** Replicas of one service say the same name. */
  readonly service: string | null;
  readonly signal: string;
  /** The alert among those of its thing. */
  readonly alert: string;
  /** True when nothing was measured: its own name is then all that it says. */
  readonly wordy: boolean;
  readonly atMs: number;
  readonly caller: string | null;
  readonly callee: string | null;
  readonly operation: string | null;
}

/** By thing, by feature. */
export type Features = ReadonlyMap<string, ReadonlyMap<string, number>>;

const text = (value: string | number | boolean | undefined): string | null =>
  typeof value === 'string' ? value : null;

export function hearsayOf({ entity, k8sContext, timestamp, semantic }: UnifiedEvent): Hearsay {
  const { attributes, template } = semantic;
  const wordy = attributes.metric === undefined;
  return {
    thing: entity.id,
    name: entity.name,
    service: k8sContext.service,
    signal: wordy ? 'words' : (text(attributes.signal) ?? semantic.category),
    alert: template ?? semantic.category,
    wordy,
    atMs: Date.parse(timestamp),
    caller: text(attributes.caller),
    callee: text(attributes.callee),
    operation: text(attributes.operation),
  };
}

const maxSurprise = 6;
/** Without experience every alert is as surprising as one that fires in every fifth incident. */
const usualSurprise = 1.6;
/** So fast fades, over the time from the first alert to the last, how much coming early says. */
const fading = 4;

/** -log P(the alert fires | its thing is not to blame), by Laplace's rule of succession. */
function surpriseOf({ name, alert }: Hearsay, experience: Experience): number {
  if (experience.incidents === 0) return usualSurprise;
  const fired = experience.innocent.get(`${name} ${alert}`) ?? 0;
  const innocent = experience.incidents - (experience.blamed.get(name) ?? 0);
  return Math.min(maxSurprise, -Math.log((fired + 0.5) / (Math.max(innocent, fired) + 1)));
}

/** How seldom a thing was to blame before, as the surprise that it is. */
function rarityOf(name: string, { incidents, blamed }: Experience): [string, number][] {
  if (incidents === 0) return [];
  const share = ((blamed.get(name) ?? 0) + 0.5) / (incidents + 1);
  return [['seldom to blame', Math.min(maxSurprise, -Math.log(share)) / 3]];
}

/**
 * Features of each thing that something is said of: for every signal the sum (`sum`), the presence (`is`) and the earliness (`early`) of
 * what was said; the same for what callers (`from callers`) and callees say; `lost on the way`: callers find it slow
 * and itself it does not; `alone`, `shared`, `spared`: a signal that no other replica has, that one has, that only others have.
 */
export function featuresOf(
  said: readonly Hearsay[],
  experience: Experience,
  { temporal, spatial, semantic }: Dimensions,
): Features {
  const features = new Map<string, Map<string, number>>();
  const signals = new Map<string, Set<string>>();
  const byName = new Map<string, string[]>();
  const replicas = new Map<string, Set<string>>();
  const put = <Value>(map: Map<string, Value[]>, key: string, value: Value): void => {
    const list = map.get(key);
    if (!list) map.set(key, [value]);
    else if (!list.includes(value)) list.push(value);
  };
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (const { thing, name, service, atMs } of said) {
    if (!features.has(thing)) features.set(thing, new Map(rarityOf(name, experience)));
    put(byName, name, thing);
    if (service !== null) {
      put(byName, service, thing);
      replicas.set(service, (replicas.get(service) ?? new Set()).add(thing));
    }
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  const add = (thing: string, feature: string, value: number): void => {
    const own = features.get(thing);
    own?.set(feature, (own.get(feature) ?? 0) + value);
  };
  const most = (thing: string, feature: string, value: number): void => {
    const own = features.get(thing);
    own?.set(feature, Math.max(own.get(feature) ?? 0, value));
  };
  const hear = (thing: string, signal: string, surprise: number, early: number): void => {
    if (!features.has(thing)) return;
    add(thing, `sum ${signal}`, surprise / 3);
    most(thing, `is ${signal}`, 1);
    if (temporal) add(thing, `early ${signal}`, (early * surprise) / 3);
    const heard = signals.get(thing);
    if (heard) heard.add(signal);
    else signals.set(thing, new Set([signal]));
  };

  const servedSlowly = new Set(
    said.flatMap(({ caller, service, name, operation, signal }) =>
      caller !== null && isSlow(signal) ? [`${service ?? name} ${operation ?? ''}`] : [],
    ),
  );
  for (const each of said) {
    const { thing, signal, caller, callee, operation } = each;
    const surprise = surpriseOf(each, experience);
    const early = lastMs > firstMs ? Math.exp((-fading * (each.atMs - firstMs)) / (lastMs - firstMs)) : 1;
    const role = operation === null ? '' : caller !== null ? 'served ' : callee !== null ? 'calling ' : 'inner ';
    hear(thing, `${role}${signal}`, surprise, early);
    add(thing, 'total', surprise / 20);
    if (temporal && !each.wordy) most(thing, 'first', early);
    if (semantic && each.wordy) most(thing, `says ${each.alert}`, 1);
    if (!spatial) continue;
    if (caller !== null) {
      const callers = byName.get(caller) ?? [];
      for (const at of callers) hear(at, `callee ${signal}`, surprise, early);
      if (callers.length === 0) hear(thing, `from outside ${signal}`, surprise, early);
    }
    if (callee === null) continue;
    const lost = isSlow(signal) && !servedSlowly.has(`${callee} ${operation ?? ''}`);
    for (const at of byName.get(callee) ?? []) {
      hear(at, `from callers ${signal}`, surprise, early);
      if (lost) most(at, 'lost on the way', 1);
    }
    if (lost) most(thing, 'lost on the way to others', 1);
  }
  if (!spatial) return features;
  for (const members of replicas.values()) {
    if (members.size < 2) continue;
    for (const thing of members) {
      const own = signals.get(thing) ?? new Set();
      const theirs = new Set(
        [...members].filter((other) => other !== thing).flatMap((other) => [...(signals.get(other) ?? [])]),
      );
      for (const signal of own) most(thing, `${theirs.has(signal) ? 'shared' : 'alone'} ${signal}`, 1);
      for (const signal of theirs) if (!own.has(signal)) most(thing, `spared ${signal}`, 1);
    }
  }
  return features;
}

function isSlow(signal: string): boolean {
  return /latency up$/.test(signal);
}

/** Log odds of each thing to be to blame. Where what was learned is switched off (the causal dimension), alerts are only counted. */
export function oddsOf(features: Features, experience: Experience, causal: boolean): Map<string, number> {
  const odds = new Map<string, number>();
  for (const [thing, own] of features) {
    let sum = 0;
    for (const [feature, value] of own)
      sum += (causal ? (experience.weights.get(feature) ?? 0) : feature === 'total' ? 1 : 0) * value;
    odds.set(thing, sum);
  }
  return odds;
}
