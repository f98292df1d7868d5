import type { RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { Told } from '../engine.js';
import type { Answer, Judged, LabelledSet, Score } from '../set.js';
import { all } from './catalogue.js';
import { eventsOf, isExpected, settleMs, type Verdict } from './play.js';
import type { Scenario } from './scenario.js';

const ofType =
  (...types: readonly RawEventType[]) =>
  ({ type }: RawEvent): boolean =>
    types.includes(type);
const guardSuffix = '-guard';
/** An answer that is as sure as this is acted upon. */
const confidentFrom = 0.7;

/**
 * The catalogue of failures: each row played in a small healthy shop, and its near miss. A row is right when what it expects is the root
 * cause of the incident that opened first, or when nothing is told where nothing may be.
 */
export const scenarios: LabelledSet = {
  folder: 'test/accuracy/scenarios',
  sources: {
    kubernetes: ofType('kubeapi'),
    kernel: ofType('ebpf'),
    logs: ofType('log'),
    journal: ofType('systemd'),
    network: ofType('network'),
    telemetry: ofType('otlp'),
    alerts: ofType('alert'),
  },

  async *cases() {
    for (const scenario of all) {
      yield await Promise.resolve({
        id: scenario.id,
        group: 'scenario',
        events: eventsOf((w) => scenario.play(w)),
        settleMs,
      });
      yield {
        id: `${scenario.id}${guardSuffix}`,
        group: 'guard',
        events: eventsOf((w) => scenario.guard(w)),
        settleMs,
      };
    }
  },

  score(_folder, answers): Promise<Score> {
    const rows = new Map(all.map((scenario) => [scenario.id, scenario]));
    const judged = answers.map((answer) => ({
      answer,
      ...judge(rows.get(answer.id.replace(guardSuffix, ''))!, answer),
    }));
    const plays = judged.filter(({ answer }) => answer.group === 'scenario');
    const isSilent = ({ answer }: { answer: Answer }): boolean => rows.get(answer.id)?.expect === 'silent';
    const share = (of: readonly Judged[], holds: (each: Judged) => boolean): number =>
      of.length === 0 ? 0 : of.filter(holds).length / of.length;
    const isRight = ({ right }: Judged): boolean => right;
    return Promise.resolve({
      judged,
      figures: {
        rank1: share(
          plays.filter((play) => !isSilent(play)),
          isRight,
        ),
        silent: share(plays.filter(isSilent), isRight),
        guards: share(
          judged.filter(({ answer }) => answer.group === 'guard'),
          isRight,
        ),
        confidentlyWrong: share(plays, ({ right, confidence }) => !right && (confidence ?? 0) >= confidentFrom),
        oneIncident: share(
          plays.filter((play) => !isSilent(play)),
          ({ id }) => answers.some((answer) => answer.id === id && answer.told.length === 1),
        ),
        rows: plays.length,
      },
    });
  },

  baselines: () => Promise.resolve({}),
};

function judge(scenario: Scenario, { id, told }: Answer): Judged {
  const [first] = told;
  const verdict = first ? verdictOf(first) : null;
  const isGuard = id.endsWith(guardSuffix);
  const matches = verdict !== null && isExpected(scenario, verdict);
  const silent = scenario.expect === 'silent';
  const right = silent ? (first === undefined) !== isGuard : isGuard ? !matches : matches;
  const said = verdict === null ? 'nothing was told' : `${verdict.category} on ${verdict.on}: ${verdict.says}`;
  return { id, right, confidence: verdict?.confidence ?? null, wrong: right ? [] : [said] };
}

function verdictOf({ rootCauses, rootCauseEntity, rootCause }: Told): Verdict {
  const [first] = rootCauses;
  return {
    category: first?.category ?? 'unknown',
    on: rootCauseEntity === null ? '' : entityTitle(rootCauseEntity),
    confidence: first?.confidence ?? 0,
    says: rootCause,
  };
}
