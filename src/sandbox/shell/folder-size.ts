import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderSize {
  /** Of disk blocks, so that sparse files count as what they take. */
  bytes: number;
  entries: number;
}

/**
 * What a folder takes on disk, without following links. Stops counting beyond `maxEntries`: the number is then enough to
 * know that there are too many. What disappears meanwhile counts nothing.
 */
export async function measureFolder(directory: string, maxEntries: number): Promise<FolderSize> {
  const size: FolderSize = { bytes: 0, entries: 0 };
  const waiting = [directory];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      size.entries += 1;
      if (size.entries > maxEntries) return size;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      const stats = await lstat(path).catch(() => undefined);
      size.bytes += (stats?.blocks ?? 0) * 512;
    }
  }
  return size;
}
