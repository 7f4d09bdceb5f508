import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directory, FileTree, file, normalize } from './file-tree.js';

const image = () => {
  const root = directory(0);
  const etc = directory(0);
  etc.children.set('motd', file('hello', 0));
  root.children.set('etc', etc);
  root.children.set('tmp', directory(0));
  return root;
};
const open = (root = image()) => new FileTree(root, () => 1000, 1000);

describe('FileTree', () => {
  test('keeps what a container writes from the image and its other containers', () => {
    const root = image();
    const [one, other] = [open(root), open(root)];
    one.write('/etc/motd', 'changed');
    one.write('/etc/new', 'x');
    expect(one.readText('/etc/motd')).toBe('changed');
    expect(other.readText('/etc/motd')).toBe('hello');
    expect(other.list('/etc')).toEqual(['motd']);
  });

  test('shares volumes, and refuses to write to those mounted read-only', () => {
    const volume = directory(0);
    const [writer, reader] = [open(), open()];
    writer.mount('/data', volume);
    reader.mount('/data', volume, true);
    writer.write('/data/f', 'shared');
    expect(reader.readText('/data/f')).toBe('shared');
    expect(() => reader.write('/data/f', 'x')).toThrow("EROFS: read-only file system, open '/data/f'");
    expect(() => reader.remove('/data/f')).toThrow('EROFS');
  });

  test('follows links, and stops at a loop', () => {
    const tree = open();
    tree.link('/etc', '/conf');
    tree.link('b', '/tmp/a');
    tree.link('a', '/tmp/b');
    expect(tree.readText('/conf/motd')).toBe('hello');
    expect(tree.realPath('/conf/../conf/motd')).toBe('/conf/motd'.replace('conf', 'etc'));
    expect(() => tree.read('/tmp/a')).toThrow('ELOOP');
  });

  test('says what is wrong as the system does', () => {
    const tree = open();
    expect(() => tree.write('/no/file', '')).toThrow("ENOENT: no such file or directory, open '/no/file'");
    expect(() => tree.write('/etc', '')).toThrow('EISDIR');
    expect(() => tree.list('/etc/motd')).toThrow('ENOTDIR');
    expect(() => tree.remove('/etc')).toThrow('ENOTEMPTY');
    expect(() => tree.write('/tmp/big', 'x'.repeat(1001))).toThrow('ENOSPC');
  });

  test('behaves as a map of paths to texts', () => {
    const path = fc.constantFrom('/tmp/a', '/tmp/b', '/tmp/d/c', '/tmp/d/e');
    const action = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), path, text: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('append' as const), path, text: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('remove' as const), path, text: fc.constant('') }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const tree = open();
        tree.mkdir('/tmp/d');
        const model = new Map<string, string>();
        for (const { kind, path: at, text } of actions) {
          if (kind === 'remove') {
            if (model.delete(at)) tree.remove(at);
            continue;
          }
          tree.write(at, text, kind === 'append');
          model.set(at, (kind === 'append' ? (model.get(at) ?? '') : '') + text);
        }
        for (const at of ['/tmp/a', '/tmp/b', '/tmp/d/c', '/tmp/d/e'])
          expect(tree.readText(at)).toBe(model.get(at));
      }),
    );
  });
});

test('normalize takes dots and double slashes away', () => {
  expect(normalize('/a/./b//../c/')).toBe('/a/c');
  expect(normalize('/../..')).toBe('/');
});
