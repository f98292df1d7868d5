import { describe } from '@jest/globals';
import { apiContract } from './contract.js';
import { graphQuestions } from './graph-questions.js';
import { memoryStores } from './stores.js';

describe('the API on the embedded graph and the memory transport', () => {
  apiContract(() => memoryStores());
});

describe('questions to the embedded graph', () => {
  graphQuestions(() => memoryStores());
});
