import type { LabelledSet } from '../set.js';
import { changercaCases } from './cases.js';
import { changercaBaselines, scoreChangerca } from './score.js';

export const changerca: LabelledSet = {
  folder: null,
  sources: {
    kubernetes: ({ type }) => type === 'kubeapi',
    network: ({ type }) => type === 'network',
    alerts: ({ type }) => type === 'alert',
  },
  cases: changercaCases,
  score: scoreChangerca,
  baselines: changercaBaselines,
};
