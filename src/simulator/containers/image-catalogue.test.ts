import { expect, test } from 'vitest';
import { builtInCatalogue, findByName } from './image-catalogue.js';

const version = (image: string) => findByName(builtInCatalogue(), image)?.env['NGINX_VERSION'];

test('an image knows the version that its tag stands for', () => {
  expect(version('nginx:1.25')).toBe('1.25.5');
  expect(version('nginx:1.14.2')).toBe('1.14.2');
  expect(version('nginx:1.25-alpine')).toBe('1.25.5');
  expect(version('nginx')).toBe(version('nginx:latest'));
});
