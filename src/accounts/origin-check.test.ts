import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { comesFromOwnPage } from './origin-check.js';

const sent = (headers: IncomingMessage['headers']) => ({ headers }) as IncomingMessage;

describe('comesFromOwnPage', () => {
  it('believes the origin that the page was served from', () => {
    expect(comesFromOwnPage(sent({ host: 'lab:3000', origin: 'http://lab:3000' }), undefined)).toBe(true);
    expect(comesFromOwnPage(sent({ host: 'lab:3000', origin: 'http://lab:4000' }), undefined)).toBe(false);
    expect(comesFromOwnPage(sent({ host: 'lab:3000', origin: 'http://evil.example' }), undefined)).toBe(
      false,
    );
    expect(comesFromOwnPage(sent({ host: 'lab:3000', origin: 'null' }), undefined)).toBe(false);
  });

  it('knows the public address behind a proxy', () => {
    const request = sent({ host: '10.0.0.7:3000', origin: 'https://labs.example.org' });
    expect(comesFromOwnPage(request, 'https://labs.example.org/')).toBe(true);
    expect(comesFromOwnPage(request, 'https://other.example.org')).toBe(false);
  });

  it('asks Sec-Fetch-Site where there is no origin, and lets programs pass that send neither', () => {
    expect(comesFromOwnPage(sent({ 'sec-fetch-site': 'cross-site' }), undefined)).toBe(false);
    expect(comesFromOwnPage(sent({ 'sec-fetch-site': 'same-origin' }), undefined)).toBe(true);
    expect(comesFromOwnPage(sent({}), undefined)).toBe(true);
  });
});
