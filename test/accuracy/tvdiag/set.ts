import type { ForeignAlert } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import type { LabelledSet } from '../set.js';
import { experienceFile, tvdiagCases } from './cases.js';
import { scoreTvdiag, tvdiagBaselines } from './score.js';

const alertOf = ({ data }: RawEvent): ForeignAlert => data as unknown as ForeignAlert;
const isTrace = (event: RawEvent): boolean => alertOf(event).labels.operation !== undefined;

export const tvdiag: LabelledSet = {
  folder: null,
  experience: experienceFile,
  sources: {
    metrics: (event) => alertOf(event).metric !== null && !isTrace(event),
    logs: (event) => alertOf(event).metric === null,
    traces: isTrace,
  },
  cases: tvdiagCases,
  score: scoreTvdiag,
  baselines: tvdiagBaselines,
};
