import type { LabelledSet } from '../set.js';
import { rootcausebenchCases } from './cases.js';
import { rootcausebenchBaselines, scoreRootcausebench } from './score.js';

export const rootcausebench: LabelledSet = {
  folder: null,
  sources: {
    logs: ({ type }) => type === 'log',
    metrics: ({ type, data }) => type === 'otlp' && data.kind === 'metrics',
    spans: ({ type, data }) => type === 'otlp' && data.kind === 'span',
    changes: ({ data }) => data.kind === 'change-marker',
    alerts: ({ type }) => type === 'alert',
  },
  cases: rootcausebenchCases,
  score: scoreRootcausebench,
  baselines: rootcausebenchBaselines,
};
