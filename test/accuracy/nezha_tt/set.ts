import type { LabelledSet } from '../set.js';
import { nezhaCases } from './cases.js';
import { nezhaBaselines, scoreNezha } from './score.js';

export const nezhaTrainTicket: LabelledSet = {
  folder: null,
  sources: {
    traces: ({ data }) => data.kind === 'span',
    logs: ({ type }) => type === 'log',
    metrics: ({ data }) => data.kind === 'metrics',
  },
  cases: nezhaCases,
  score: scoreNezha,
  baselines: nezhaBaselines,
};
