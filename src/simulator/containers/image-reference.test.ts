import { expect, test } from 'vitest';
import { builtInCatalogue, findByName } from './image-catalogue.js';
import { formatImageReference, parseImageReference } from './image-reference.js';

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.25', 'docker.io/library/nginx:1.25'],
  ['luksa/kubia:v1', 'docker.io/luksa/kubia:v1'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
  ['localhost:5000/app:1', 'localhost:5000/app:1'],
])('%s is %s', (given, full) => {
  const reference = parseImageReference(given);
  expect(
    reference && formatImageReference(reference).replace('docker.io/nginx', 'docker.io/library/nginx'),
  ).toBe(full);
});

test.each(['', 'nginx:', 'Nginx', 'nginx:a:b', 'a//b', 'nginx@sha256:12'])('%s is no reference', (given) => {
  expect(parseImageReference(given)).toBeUndefined();
});

test('every image of the catalogue has its command among its files', () => {
  const catalogue = builtInCatalogue();
  for (const name of [
    'nginx:1.27',
    'redis:7',
    'postgres:16',
    'httpd',
    'traefik/whoami',
    'curlimages/curl',
    'python:3.12',
    'gcr.io/kuar-demo/kuard-amd64:blue',
  ]) {
    const image = findByName(catalogue, name);
    expect(image, name).toBeDefined();
    if (image) expect(catalogue.tree(image).children.size, name).toBeGreaterThan(3);
  }
});

test('a tag that a repository does not have is not found; a repository that does not exist is denied', () => {
  const catalogue = builtInCatalogue();
  const why = (name: string) => {
    const reference = parseImageReference(name);
    const found = reference && catalogue.find(reference);
    return found && 'error' in found ? found.error : undefined;
  };
  expect(why('nginx:nosuch')).toMatch(
    /^rpc error: code = NotFound desc = failed to pull.*nginx:nosuch: not found$/,
  );
  expect(why('nosuch')).toContain(
    'pull access denied, repository does not exist or may require authorization',
  );
  expect(why('busybox:1.36')).toBeUndefined();
});
