import { expect, test } from 'vitest';
import { findByJsonPath } from './json-path.js';

const value = {
  metadata: { labels: { 'app.kubernetes.io/name': 'web' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'False' },
    ],
  },
};

test.each([
  ['.status.conditions[0].type', ['Ready']],
  ['status.conditions[-1].type', ['Synced']],
  ['.status.conditions[*].type', ['Ready', 'Synced']],
  ['.status.conditions[?(@.type=="Synced")].status', ['False']],
  [".status.conditions[?(@.type=='Ready')].status", ['True']],
  ['.metadata.labels.app\\.kubernetes\\.io/name', ['web']],
  [".metadata.labels['app.kubernetes.io/name']", ['web']],
  ['.status.nothing.here', []],
  ['.constructor', []],
  ['.status.conditions[', []],
])('%s', (path, found) => {
  expect(findByJsonPath(value, path)).toEqual(found);
});
