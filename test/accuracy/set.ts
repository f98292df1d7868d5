import type { RawEvent } from '../../src/model/raw-event.js';
import type { Told } from './engine.js';

/** One labelled incident as the engine gets it: without its label. */
export interface AccuracyCase {
  readonly id: string;
  /** The part of the set that figures are told apart by, such as the system. */
  readonly group: string;
  /** Sorted by time. Clocks are added by the engine's runner. */
  readonly events: readonly RawEvent[];
  /** Event time that is let pass after the last event, for stories to settle. Default 30_000: none is resolved, all have settled. */
  readonly settleMs?: number;
}

/** What the engine said of one case, as a client of the API reads it. */
export interface Answer {
  readonly id: string;
  readonly group: string;
  readonly told: readonly Told[];
}

/** Figures by the names of the issue that asks for them, such as `boutique.A@1`. */
export type Figures = Readonly<Record<string, number>>;

/** How one case came out; what calibration and the list of failures are made of. */
export interface Judged {
  readonly id: string;
  readonly right: boolean;
  /** Of the first root cause that was told; null when nothing was told, or the set has no use for confidence. */
  readonly confidence: number | null;
  /** One line for each thing that is not as the label says. */
  readonly wrong: readonly string[];
}

export interface Score {
  readonly figures: Figures;
  readonly judged: readonly Judged[];
}

export interface LabelledSet {
  /** Where the set is when `--data` does not say; null where it has to. */
  readonly folder: string | null;
  /** A file of what was learned from other incidents of the set (ingest/correlate/experience.ts); the shipped one where it says nothing. */
  readonly experience?: () => string;
  /** Kinds of evidence that the report leaves out one at a time: `kubernetes`, `logs` … An event is of at most one. */
  readonly sources: Readonly<Record<string, (event: RawEvent) => boolean>>;
  /** The adapter. Never opens labels. `folder` is unpacked: see dataset.ts. */
  cases(folder: string): AsyncIterable<AccuracyCase>;
  /** The scorer. Never reaches into the engine. Answers may be fewer than labels when only some cases were run: those alone count. */
  score(folder: string, answers: readonly Answer[]): Promise<Score>;
  /** By name: what is easy to reach, computed from the same cases, and what was published. */
  baselines(folder: string, cases: () => AsyncIterable<AccuracyCase>): Promise<Readonly<Record<string, Figures>>>;
}

/** A set for one part of the engine, which has neither incidents nor confidence. */
export interface Measured extends Score {
  readonly baselines: Readonly<Record<string, Figures>>;
}
