import type { LabelledSet } from '../set.js';
import { petshopCases } from './cases.js';
import { petshopBaselines, scorePetshop } from './score.js';

export const petshop: LabelledSet = {
  folder: null,
  sources: {
    metrics: ({ type }) => type === 'otlp',
    calls: ({ type }) => type === 'network',
    alerts: ({ type }) => type === 'alert',
  },
  cases: petshopCases,
  score: scorePetshop,
  baselines: petshopBaselines,
};
