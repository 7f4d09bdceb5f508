import { describe, expect, it } from 'vitest';
import { withoutSecrets } from './logging.js';

describe('withoutSecrets', () => {
  it('keeps keys and codes out of the log', () => {
    expect(withoutSecrets('/api/v1/labs/abc/cluster/KEY/api/v1/pods?watch=1')).toBe(
      '/api/v1/labs/abc/cluster/[key]/api/v1/pods?watch=1',
    );
    expect(withoutSecrets('/x?a=1&code=SECRET&b=2')).toBe('/x?a=1&code=[secret]&b=2');
  });
});
