import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiError } from '../api-error.js';
import { parseLogOptions } from './logs.js';
import { FakeNodeAgent } from './testing/fake-node-agent.js';
import { fakePod, startStreamServer } from './testing/stream-server.js';

const parse = (query: string, pod = fakePod()) => parseLogOptions(pod, new URLSearchParams(query), 100_000);

function refusal(query: string, pod = fakePod()): ApiError {
  try {
    parse(query, pod);
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error(`${query} was not refused`);
}

describe('the query of a request for logs', () => {
  test('is read in full', () => {
    const query = 'follow=true&tailLines=5&limitBytes=9&timestamps=true&sinceSeconds=10';
    expect(parse(query)).toEqual({
      container: 'main',
      follow: true,
      previous: false,
      timestamps: true,
      tailLines: 5,
      limitBytes: 9,
      sinceTime: 90_000,
    });
  });

  test('must name one of several containers', () => {
    const pod = fakePod(['a', 'b']);
    pod.spec.initContainers = [{ name: 'c' }];
    expect(refusal('', pod).message).toBe(
      'a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [c]',
    );
    expect(refusal('container=x', pod).message).toBe('container x is not valid for pod web');
    expect(parse('container=c', pod).container).toBe('c');
  });

  test('is refused with every wrong field', () => {
    const error = refusal('tailLines=-1&limitBytes=0');
    expect(error.code).toBe(422);
    expect(error.message).toBe(
      'PodLogOptions "web" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0]',
    );
    expect(refusal('sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z').code).toBe(422);
    expect(refusal('tailLines=many').code).toBe(400);
  });
});

describe('the log', () => {
  const agent = new FakeNodeAgent();
  let server: Server;
  let url: string;

  beforeEach(async () => {
    const started = await startStreamServer(agent, fakePod());
    server = started.server;
    url = `http://127.0.0.1:${started.port}/api/v1/namespaces/default/pods/web/log`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('is sent as plain text', async () => {
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toBe('one\ntwo\n');
  });

  test('is not followed any longer than the client listens', async () => {
    const listening = new AbortController();
    const response = await fetch(`${url}?follow=true`, { signal: listening.signal });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('following\n');
    listening.abort();
    await expect.poll(() => agent.aborted).toContain('logs');
  });

  test('that cannot be had is a refusal', async () => {
    const response = await fetch(`${url}?previous=true`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  });
});
